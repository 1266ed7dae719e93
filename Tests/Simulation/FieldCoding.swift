/// HPACK by hand (RFC 7541): fields that are spelled out, and references to what was spelled out
/// before.
enum FieldCoding {
    /// A reference to the newest entry of the dynamic table.
    static let newest: UInt8 = 0xbe

    /// A field without indexing and without Huffman coding: the tables stay as they are.
    static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0] + text(Array(name.utf8)) + text(Array(value.utf8))
    }

    /// A field that becomes the newest entry of the dynamic table.
    static func remembered(_ name: String, _ value: String) -> [UInt8] {
        [0x40] + text(Array(name.utf8)) + text(Array(value.utf8))
    }

    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { literal($0.0, $0.1) }
    }

    private static func text(_ bytes: [UInt8]) -> [UInt8] { integer(bytes.count) + bytes }

    /// An integer with a prefix of seven bits (section 5.1).
    private static func integer(_ value: Int) -> [UInt8] {
        guard value >= 127 else { return [UInt8(value)] }
        var bytes: [UInt8] = [127]
        var rest = value - 127
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
