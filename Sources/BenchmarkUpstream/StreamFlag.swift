import Kernel

/// Looks for `"stream":true` (or `"stream": true`) in a body that may come in pieces.
///
/// Boyer–Moore–Horspool over the nine bytes of `"stream":`, because the search runs over every
/// request body: it looks at one byte in nine.
struct StreamFlag {
    private static let pattern: InlineArray<9, UInt8> = [
        0x22, 0x73, 0x74, 0x72, 0x65, 0x61, 0x6d, 0x22, 0x3a,
    ]
    /// How far the window may move when its last byte is the index.
    private static let skips: InlineArray<256, UInt8> = {
        var skips = InlineArray<256, UInt8>(repeating: 9)
        for index in 0..<8 { skips[Int(pattern[index])] = UInt8(8 - index) }
        return skips
    }()

    /// Whether the flag stands in `body`.
    static func isRaised(in body: Span<UInt8>) -> Bool {
        var end = 8
        while end < body.count {
            let last = body[end]
            if last == UInt8(ascii: ":"), isPattern(body, at: end - 8), isTrue(body, at: end + 1) {
                return true
            }
            end += Int(skips[Int(last)])
        }
        return false
    }

    private static func isPattern(_ body: Span<UInt8>, at start: Int) -> Bool {
        var index = 0
        while index < 9 {
            if body[start + index] != pattern[index] { return false }
            index += 1
        }
        return true
    }

    private static func isTrue(_ body: Span<UInt8>, at start: Int) -> Bool {
        var first = start
        while first < body.count, first < start + 8, body[first] == UInt8(ascii: " ") { first += 1 }
        return first + 4 <= body.count && body.extracting(first..<first + 4).equals("true")
    }
}
