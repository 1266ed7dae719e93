import Kernel

/// The inside of JSON strings.
public enum JSONText {
    /// Appends what `inside`, a valid string without its quotes, stands for, as UTF-8. A lone
    /// surrogate becomes U+FFFD.
    public static func unescape(_ inside: Span<UInt8>, into text: inout ByteBuffer) {
        var index = 0
        while index < inside.count {
            let next = inside.firstIndex(of: UInt8(ascii: "\\"), from: index) ?? inside.count
            text.append(inside.extracting(index..<next))
            index = next
            if index < inside.count { index += unescapeOne(inside, index, &text) }
        }
    }

    /// Whether `inside`, a valid string without its quotes, stands for `word`, however it is
    /// escaped.
    public static func spells(_ inside: Span<UInt8>, _ word: StaticString) -> Bool {
        guard inside.firstIndex(of: UInt8(ascii: "\\")) != nil else { return inside.equals(word) }
        var text = ByteBuffer()
        unescape(inside, into: &text)
        return text.bytes.equals(word)
    }

    /// Appends the escape at `index` and returns its length.
    private static func unescapeOne(
        _ inside: Span<UInt8>, _ index: Int, _ text: inout ByteBuffer
    ) -> Int {
        guard index + 1 < inside.count else { return 1 }
        let letter = inside[index + 1]
        switch letter {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(inside, index) else { return 2 }
            guard unit & 0xfc00 == 0xd800, let low = codeUnit(inside, index + 6),
                low & 0xfc00 == 0xdc00
            else {
                text.append(scalar: Unicode.Scalar(unit) ?? "\u{FFFD}")
                return 6
            }
            let value = 0x1_0000 + (unit & 0x3ff) << 10 + low & 0x3ff
            text.append(scalar: Unicode.Scalar(value) ?? "\u{FFFD}")
            return 12
        default: text.append(letter)
        }
        return 2
    }

    /// The number of the `\uXXXX` at `index`; nil if there is none.
    private static func codeUnit(_ inside: Span<UInt8>, _ index: Int) -> UInt32? {
        guard index + 6 <= inside.count, inside[index] == UInt8(ascii: "\\"),
            inside[index + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for place in index + 2..<index + 6 {
            let digit = inside[place]
            switch digit {
            case 0x30...0x39: unit = unit << 4 | UInt32(digit - 0x30)
            case 0x41...0x46, 0x61...0x66: unit = unit << 4 | UInt32((digit | 0x20) - 0x57)
            default: return nil
            }
        }
        return unit
    }
}

extension ByteBuffer {
    fileprivate mutating func append(scalar: Unicode.Scalar) {
        guard let bytes = UTF8.encode(scalar) else { return }
        for byte in bytes { append(byte) }
    }
}
