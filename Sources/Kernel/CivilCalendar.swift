/// The proleptic Gregorian calendar in UTC, reckoned from days since 1970-01-01.
///
/// Years are counted from March, so that the leap day ends the year, in eras of 400 years, which
/// all have 146,097 days.
public enum CivilCalendar {
    public static let secondsPerDay: Int64 = 86_400

    /// The day on which `seconds` since 1970 fall, counted from 1970-01-01, rounded down.
    public static func day(ofSeconds seconds: Int64) -> Int64 {
        floorDivide(seconds, secondsPerDay)
    }

    public static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let leaps = dayOfEra / 1_460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leaps) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfMonth)
    }

    /// The day on which that date falls, counted from 1970-01-01.
    public static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = floorDivide(shiftedYear, 400)
        let yearOfEra = shiftedYear - era * 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The first second of the month in which `seconds` fall, and the first of the next.
    public static func month(ofSeconds seconds: Int64) -> (start: Int64, end: Int64) {
        let (year, month, _) = date(ofDay: day(ofSeconds: seconds))
        let first = day(year: year, month: month, day: 1)
        let next =
            month == 12
            ? day(year: year + 1, month: 1, day: 1) : day(year: year, month: month + 1, day: 1)
        return (first * secondsPerDay, next * secondsPerDay)
    }

    /// The quotient rounded down; `divisor` is positive.
    public static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }
}
