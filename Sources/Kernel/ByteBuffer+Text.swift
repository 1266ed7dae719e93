/// Numbers and quoted text, written without a `String` in between.
extension ByteBuffer {
    public mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude)
    }

    /// *Safety:* the digits are counted first; exactly as many bytes are stored in the room for
    /// twenty, which is what the largest number takes.
    public mutating func append(decimal number: UInt) {
        var count = 1
        var bound: UInt = 10
        while count < 20, number >= bound {
            count += 1
            bound = count < 20 ? bound &* 10 : .max
        }
        _ = unsafe withUnsafeSpareCapacity(minimum: 20) { spare in
            var rest = number
            var place = count
            while place > 0 {
                place -= 1
                unsafe spare[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            return count
        }
    }

    /// Appends all 16 hexadecimal digits of `number`, in lower case.
    ///
    /// *Safety:* both words are stored in the 16 bytes that were asked for.
    public mutating func append(hex number: UInt64) {
        let words = HexDigits.words(of: number)
        _ = unsafe withUnsafeSpareCapacity(minimum: 16) { spare in
            let target = unsafe UnsafeMutableRawPointer(spare.baseAddress.unsafelyUnwrapped)
            unsafe target.storeBytes(of: words.0, as: UInt64.self)
            unsafe target.storeBytes(of: words.1, toByteOffset: 8, as: UInt64.self)
            return 16
        }
    }

    /// Appends the `digits` lowest hexadecimal digits of `number`, in lower case.
    public mutating func append(hex number: UInt64, digits: Int) {
        let text = HexDigits.text(of: number)
        append(text.span.extracting(16 - min(16, max(0, digits))..<16))
    }

    /// Appends `text` as the inside of a JSON string: quotes, backslashes and controls escaped (RFC
    /// 8259 section 7), and what some readers take for the end of a line; bytes that are not UTF-8
    /// are replaced by U+FFFD.
    public mutating func append(jsonEscaped text: Span<UInt8>) {
        var index = 0
        while index < text.count {
            // Nearly every text is one run of bytes that stand for themselves.
            let rest = text.extracting(index..<text.count)
            let run = rest.leadingPlainJSONCount
            if run > 0 {
                append(rest.extracting(0..<run))
                index += run
                continue
            }
            let byte = text[index]
            if byte < 0x80 {
                append(jsonEscapedASCII: byte)
                index += 1
                continue
            }
            let length = utf8SequenceLength(in: text, at: index)
            if length == 0 {
                append("\u{FFFD}")
                index += 1
            } else if let code = lineSeparator(in: text, at: index) {
                append("\\u")
                append(hex: code, digits: 4)
                index += length
            } else {
                append(text.extracting(index..<index + length))
                index += length
            }
        }
    }

    public mutating func append(jsonEscaped text: String) {
        append(jsonEscaped: text.utf8.span)
    }

    private mutating func append(jsonEscapedASCII byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0a: append("\\n")
        case 0x0d: append("\\r")
        case 0x09: append("\\t")
        case 0..<0x20, 0x7f:
            append("\\u00")
            append(hex: UInt64(byte), digits: 2)
        default: append(byte)
        }
    }
}

/// The code point at `index` if it is one of U+0080–U+009F (NEL among them), U+2028 and U+2029.
private func lineSeparator(in text: Span<UInt8>, at index: Int) -> UInt64? {
    if text[index] == 0xc2, text[index + 1] < 0xa0 { return UInt64(text[index + 1]) }
    guard text[index] == 0xe2, text[index + 1] == 0x80, text[index + 2] & 0xfe == 0xa8 else {
        return nil
    }
    return 0x2000 | UInt64(text[index + 2] & 0x3f)
}

/// The length of the well-formed UTF-8 sequence of two to four bytes at `index`, 0 where there is
/// none (Unicode 15, table 3-7).
private func utf8SequenceLength(in text: Span<UInt8>, at index: Int) -> Int {
    let lead = text[index]
    let length: Int
    var low: UInt8 = 0x80
    var high: UInt8 = 0xbf
    switch lead {
    case 0xc2...0xdf: length = 2
    case 0xe0...0xef:
        length = 3
        if lead == 0xe0 { low = 0xa0 }
        if lead == 0xed { high = 0x9f }
    case 0xf0...0xf4:
        length = 4
        if lead == 0xf0 { low = 0x90 }
        if lead == 0xf4 { high = 0x8f }
    default: return 0
    }
    guard index + length <= text.count else { return 0 }
    guard text[index + 1] >= low && text[index + 1] <= high else { return 0 }
    var next = index + 2
    while next < index + length {
        guard text[next] & 0xc0 == 0x80 else { return 0 }
        next += 1
    }
    return length
}
