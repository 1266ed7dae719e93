/// Numbers and quoted text, written without a `String` in between.
extension ByteBuffer {
    public mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude)
    }

    public mutating func append(decimal number: UInt) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = number
        var first = 20
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        append(digits.span.extracting(first..<20))
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
            var end = index
            while end < text.count, isPlainInJSON(text[end]) { end += 1 }
            if end > index {
                append(text.extracting(index..<end))
                index = end
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

/// Whether a JSON string holds `byte` as it is (RFC 8259 section 7), DEL left out.
private func isPlainInJSON(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
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
