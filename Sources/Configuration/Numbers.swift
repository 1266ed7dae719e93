/// Numbers as the configuration file writes them.
enum Numbers {
    /// Digits, `_` allowed between two of them; no sign: no setting is negative.
    static func whole(_ text: String) -> Int? {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }) else { return nil }
        let digits = parts.joined()
        guard digits.utf8.count == 1 || digits.utf8.first != UInt8(ascii: "0") else { return nil }
        return Int(digits)
    }

    /// Seconds with up to three decimals as milliseconds, exactly.
    static func milliseconds(_ text: String) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let seconds = whole(String(parts[0])), seconds <= 1_000_000_000
        else { return nil }
        guard parts.count == 2 else { return seconds * 1_000 }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(isDigit) else {
            return nil
        }
        let padded = parts[1] + String(repeating: "0", count: 3 - parts[1].utf8.count)
        return Int(padded).map { seconds * 1_000 + $0 }
    }

    static func seconds(_ milliseconds: Int) -> String {
        let rest = milliseconds % 1_000
        guard rest > 0 else { return String(milliseconds / 1_000) }
        var decimals = String(1_000 + rest).dropFirst()
        while decimals.last == "0" { decimals = decimals.dropLast() }
        return "\(milliseconds / 1_000).\(decimals)"
    }

    static func bounds(_ range: ClosedRange<Int>, _ write: (Int) -> String) -> String {
        range.upperBound == .max
            ? "\(write(range.lowerBound)) or more"
            : "\(write(range.lowerBound)) to \(write(range.upperBound))"
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
