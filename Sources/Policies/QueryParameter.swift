import Kernel

/// Reads one parameter of a target's query, as an upstream would.
public enum QueryParameter {
    /// Writes the decoded value of the parameter `name` into `value`. Returns how many parameters
    /// have that name; the value is that of the last.
    public static func read(
        _ name: StaticString, of target: Span<UInt8>, into value: inout ByteBuffer
    ) -> Int {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return 0 }
        var found = 0
        var start = mark + 1
        var decodedName = ByteBuffer()
        while start < target.count {
            let end = target.firstIndex(of: UInt8(ascii: "&"), from: start) ?? target.count
            let pair = target.extracting(start..<end)
            start = end + 1
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
            decodedName.removeAll()
            decode(pair.extracting(0..<equals), into: &decodedName)
            guard decodedName.bytes.equals(name) else { continue }
            found += 1
            value.removeAll()
            decode(pair.extracting(min(equals + 1, pair.count)..<pair.count), into: &value)
        }
        return found
    }

    private static func decode(_ text: Span<UInt8>, into output: inout ByteBuffer) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "%"), index + 2 < text.count,
                let high = hexValue(text[index + 1]), let low = hexValue(text[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
            } else {
                output.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
                index += 1
            }
        }
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
