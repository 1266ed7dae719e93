import Kernel
import Testing

@Suite("The calendar")
struct CalendarTests {
    static let dates: [(Int64, Int64, Int64, Int64)] = [
        (0, 1970, 1, 1), (-1, 1969, 12, 31), (59, 1970, 3, 1), (10_957, 2000, 1, 1),
        (11_016, 2000, 2, 29), (11_017, 2000, 3, 1), (19_782, 2024, 2, 29), (20_454, 2026, 1, 1),
        (47_540, 2100, 2, 28), (47_541, 2100, 3, 1), (-719_468, 0, 3, 1), (2_932_896, 9999, 12, 31),
    ]

    @Test("knows these days", arguments: dates)
    func known(day: Int64, year: Int64, month: Int64, dayOfMonth: Int64) {
        let date = CivilCalendar.date(ofDay: day)
        #expect(date == (year, month, dayOfMonth))
        #expect(CivilCalendar.day(year: year, month: month, day: dayOfMonth) == day)
    }

    @Test("goes through every day of 800 years one after the other")
    func successive() {
        let lengths: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var (year, month, day): (Int64, Int64, Int64) = (1600, 1, 1)
        var number = CivilCalendar.day(year: 1600, month: 1, day: 1)
        while year < 2400 {
            let date = CivilCalendar.date(ofDay: number)
            guard date == (year, month, day) else {
                Issue.record("\(number) is \(date), not \(year)-\(month)-\(day)")
                return
            }
            let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
            let length = month == 2 && isLeap ? 29 : lengths[Int(month) - 1]
            number += 1
            day += 1
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    @Test("ends a month where the next begins")
    func months() {
        var seconds = CivilCalendar.day(year: 1999, month: 12, day: 31) * 86_400
        for _ in 0..<3_000 {
            let (start, end) = CivilCalendar.month(ofSeconds: seconds)
            #expect(start <= seconds && seconds < end)
            #expect(CivilCalendar.month(ofSeconds: end).start == end)
            #expect(CivilCalendar.month(ofSeconds: end - 1).start == start)
            seconds += 86_400
        }
    }
}
