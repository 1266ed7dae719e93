import Kernel

/// Dates of tokens (RFC 7519 section 2): seconds since 1970, whole or with a fraction.
enum NumericDate {
    /// The end of the year 9999, which is how some spell "never".
    private static let latest = 253_402_300_799
    /// 2255: what is later is as good as that, and still fits into nanoseconds with a leeway.
    private static let latestKept = 9_000_000_000

    /// Reads a valid JSON number. Nil for negative ones, for those with an exponent and for those
    /// beyond the year 9999.
    static func read(_ text: Span<UInt8>) -> UnixTime? {
        let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
        guard let seconds = text.extracting(0..<point).decimal, seconds <= latest else {
            return nil
        }
        if seconds >= latestKept { return UnixTime(seconds: Int64(latestKept)) }
        var nanoseconds: Int64 = 0
        if point < text.count {
            let fraction = text.extracting(point + 1..<text.count)
            for index in fraction.indices {
                guard (0x30...0x39).contains(fraction[index]) else { return nil }
            }
            let digits = fraction.extracting(0..<min(9, fraction.count))
            nanoseconds = Int64(digits.decimal ?? 0)
            for _ in digits.count..<9 { nanoseconds *= 10 }
        }
        return UnixTime(nanoseconds: Int64(seconds) * 1_000_000_000 + nanoseconds)
    }
}
