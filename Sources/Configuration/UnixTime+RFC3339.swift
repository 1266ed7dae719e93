import Kernel

extension UnixTime {
    /// Reads `2026-01-31T12:00:00Z`, with fraction or numeric offset if need be (RFC 3339 section
    /// 5.6).
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20,
            let year = Self.number(bytes, 0, 4), bytes[4] == UInt8(ascii: "-"),
            let month = Self.number(bytes, 5, 2), bytes[7] == UInt8(ascii: "-"),
            let day = Self.number(bytes, 8, 2), bytes[10] | 0x20 == UInt8(ascii: "t"),
            let hour = Self.number(bytes, 11, 2), bytes[13] == UInt8(ascii: ":"),
            let minute = Self.number(bytes, 14, 2), bytes[16] == UInt8(ascii: ":"),
            let second = Self.number(bytes, 17, 2)
        else { return nil }
        guard (1970...2261).contains(year), (1...12).contains(month), hour < 24, minute < 60,
            second < 60, (1...Self.days(in: month, of: year)).contains(day)
        else { return nil }
        var index = 19
        guard let fraction = Self.fraction(bytes, &index),
            let offset = Self.offset(bytes[index...])
        else { return nil }
        let days = Self.days(beforeYear: year, month: month) + day - 1
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset
        self.init(nanoseconds: Int64(seconds) * 1_000_000_000 + Int64(fraction))
    }

    /// In UTC, whole seconds: `2026-01-31T12:00:00Z`.
    public var rfc3339: String {
        var days = Int(seconds) / 86_400
        let rest = Int(seconds) % 86_400
        var year = 1970
        while days >= Self.days(in: year) {
            days -= Self.days(in: year)
            year += 1
        }
        var month = 1
        while days >= Self.days(in: month, of: year) {
            days -= Self.days(in: month, of: year)
            month += 1
        }
        let date = "\(year)-\(Self.padded(month))-\(Self.padded(days + 1))"
        let clock = [rest / 3_600, rest / 60 % 60, rest % 60].map(Self.padded)
        return date + "T" + clock.joined(separator: ":") + "Z"
    }

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int? {
        guard start + count <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[start..<start + count] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    /// Nanoseconds behind the point, if there is one.
    private static func fraction(_ bytes: [UInt8], _ index: inout Int) -> Int? {
        guard bytes[index] == UInt8(ascii: ".") else { return 0 }
        var value = 0
        var digits = 0
        index += 1
        while index < bytes.count, let digit = number(bytes, index, 1) {
            if digits < 9 { value = value * 10 + digit }
            digits += 1
            index += 1
        }
        guard digits > 0 else { return nil }
        for _ in min(digits, 9)..<9 { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    private static func offset(_ zone: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(zone)
        if bytes.count == 1 { return bytes[0] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"),
            let hours = number(bytes, 1, 2), let minutes = number(bytes, 4, 2), hours < 24,
            minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return (hours * 60 + minutes) * 60
        case UInt8(ascii: "-"): return -(hours * 60 + minutes) * 60
        default: return nil
        }
    }

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && year % 100 != 0 || year % 400 == 0
    }

    private static func days(in year: Int) -> Int { isLeap(year) ? 366 : 365 }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func days(beforeYear year: Int, month: Int) -> Int {
        (1970..<year).reduce(0) { $0 + days(in: $1) }
            + (1..<month).reduce(0) { $0 + days(in: $1, of: year) }
    }
}
