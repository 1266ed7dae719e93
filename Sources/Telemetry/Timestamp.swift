import Kernel

/// Writes times as `2026-02-28T23:59:59.123Z` (RFC 3339, UTC) and remembers the last second,
/// because thousands of lines share one.
public struct Timestamp: ~Copyable {
    private var second = Int64.min
    private var text = ByteBuffer()

    public init() {}

    public mutating func write(_ time: UnixTime, into output: inout ByteBuffer) {
        let seconds = CivilCalendar.floorDivide(time.nanoseconds, 1_000_000_000)
        if seconds != second { render(seconds) }
        output.append(text.bytes)
        let milliseconds = (time.nanoseconds - seconds * 1_000_000_000) / 1_000_000
        append(milliseconds, digits: 3, to: &output)
        output.append("Z")
    }

    private mutating func render(_ seconds: Int64) {
        second = seconds
        text.removeAll()
        let day = CivilCalendar.day(ofSeconds: seconds)
        let date = CivilCalendar.date(ofDay: day)
        let rest = seconds - day * CivilCalendar.secondsPerDay
        append(max(0, date.year), digits: 4, to: &text)
        text.append("-")
        append(date.month, digits: 2, to: &text)
        text.append("-")
        append(date.day, digits: 2, to: &text)
        text.append("T")
        append(rest / 3_600, digits: 2, to: &text)
        text.append(":")
        append(rest / 60 % 60, digits: 2, to: &text)
        text.append(":")
        append(rest % 60, digits: 2, to: &text)
        text.append(".")
    }
}

/// Appends `number` with zeros in front.
private func append(_ number: Int64, digits: Int, to output: inout ByteBuffer) {
    var threshold: Int64 = 1
    for _ in 1..<digits { threshold *= 10 }
    while threshold > 1, number < threshold {
        output.append("0")
        threshold /= 10
    }
    output.append(decimal: Int(number))
}
