import Kernel

/// The inside of one member `usage`, byte by byte. Only whole numbers of the object itself count,
/// not those of objects within it.
struct UsageObject {
    private static let longestName = 32
    /// More digits are no count of tokens.
    private static let mostDigits = 15
    /// However often a count is repeated, their sum stays below this.
    private static let mostTokens = 1_000_000_000_000_000

    private var depth = 1
    private var isInString = false
    private var isEscaped = false
    /// The string read last: the name, when a number follows.
    private var name = InlineArray<32, UInt8>(repeating: 0)
    private var nameCount = 0
    private var number = 0
    private var digits = 0
    private var isWhole = true

    private var input: Int?
    private var output: Int?
    /// Anthropic counts what came from or went into a cache beside the input.
    private var cached = 0

    /// Takes the bytes from `start` on. Returns where the object ends; nil when it goes on behind
    /// them.
    mutating func passed(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if isInString {
                index = passedString(bytes, from: index)
                continue
            }
            passed(bytes[index])
            index += 1
            if depth == 0 { return index }
        }
        return nil
    }

    private mutating func passed(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            nameCount = 0
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            endMember(isCounted: false)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            endMember(isCounted: depth == 1)
            depth -= 1
        case UInt8(ascii: ","): endMember(isCounted: depth == 1)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            digits += 1
            if digits <= Self.mostDigits { number = number * 10 + Int(byte - UInt8(ascii: "0")) }
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "e"),
            UInt8(ascii: "E"):
            isWhole = false
        default: break
        }
    }

    /// Returns where the string ends, behind its quote.
    private mutating func passedString(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let quote = bytes.firstIndex(of: UInt8(ascii: "\""), from: start) ?? bytes.count
        var index = start
        while index < quote {
            let isBackslash = bytes[index] == UInt8(ascii: "\\")
            isEscaped = isBackslash && !isEscaped
            if nameCount < Self.longestName { name[nameCount] = bytes[index] }
            nameCount += 1
            index += 1
        }
        guard quote < bytes.count else { return quote }
        isInString = isEscaped
        isEscaped = false
        return quote + 1
    }

    private mutating func endMember(isCounted: Bool) {
        if isCounted, isWhole, digits > 0, digits <= Self.mostDigits { take() }
        number = 0
        digits = 0
        isWhole = true
        nameCount = 0
    }

    private mutating func take() {
        guard nameCount <= Self.longestName else { return }
        let text = name.span.extracting(0..<nameCount)
        if text.equals("prompt_tokens") || text.equals("input_tokens") {
            input = number
        } else if text.equals("completion_tokens") || text.equals("output_tokens") {
            output = number
        } else if text.equals("cache_read_input_tokens")
            || text.equals("cache_creation_input_tokens")
        {
            cached = min(cached + number, Self.mostTokens)
        }
    }

    func merge(into usage: inout TokenUsage) {
        if let input { usage.input = input + cached }
        if let output { usage.output = output }
    }
}
