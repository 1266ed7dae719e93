import HTTP
import Kernel

/// A moment at a UTC date, `monotonic` seconds after an arbitrary start.
func moment(
    _ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64 = 0, _ minute: Int64 = 0,
    _ second: Int64 = 0, milliseconds: Int64 = 0, monotonic: UInt64 = 1_000_000
) -> Moment {
    let days = CivilCalendar.day(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    return Moment(
        monotonic: Instant(nanoseconds: monotonic * 1_000_000_000),
        wall: UnixTime(nanoseconds: seconds * 1_000_000_000 + milliseconds * 1_000_000))
}

extension Moment {
    /// Both clocks go on together; a negative number is a moment before.
    func later(milliseconds: Int64) -> Moment {
        Moment(
            monotonic: Instant(
                nanoseconds: monotonic.nanoseconds &+ UInt64(bitPattern: milliseconds * 1_000_000)),
            wall: UnixTime(nanoseconds: wall.nanoseconds + milliseconds * 1_000_000))
    }

    /// Only the wall clock is set, by so many seconds.
    func wallSet(bySeconds seconds: Int64) -> Moment {
        Moment(
            monotonic: monotonic,
            wall: UnixTime(nanoseconds: wall.nanoseconds + seconds * 1_000_000_000))
    }
}

func makeFields(_ pairs: [(String, String)]) -> Fields {
    var fields = Fields()
    for (name, value) in pairs { fields.append(name: name.utf8.span, value: value.utf8.span) }
    return fields
}

/// `name: value` for each field, in order.
func lines(_ fields: borrowing Fields) -> [String] {
    var lines: [String] = []
    for index in 0..<fields.count {
        lines.append("\(fields.name(at: index).text): \(fields.value(at: index).text)")
    }
    return lines
}
