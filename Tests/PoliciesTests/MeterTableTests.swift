import Kernel
import Policies
import Testing

@Suite("A meter table")
struct MeterTableTests {
    @Test("gives the same meter for the same subject and a bound number of them")
    func identity() throws {
        let table = MeterTable(bound: 3)
        let first = try table.meter(for: .key("a"))
        #expect(try table.meter(for: .key("a")) === first)
        #expect(try table.meter(for: .project("a")) !== first)
        #expect(try table.meter(for: .user(project: "a", [])) !== first)
        #expect(throws: MeterTable.Full(bound: 3)) { try table.meter(for: .key("b")) }
        #expect(table.count == 3)
    }

    @Test("forgets what nobody holds only when its windows have passed")
    func sweep() throws {
        let table = MeterTable()
        let now = moment(2026, 11, 30, 23, 59, 0)
        _ = try table.meter(for: .key("monthly")).admit(RequestLimits(perMonth: 5), at: now)
        _ = try table.meter(for: .key("minute")).admit(RequestLimits(perMinute: 5), at: now)
        _ = try table.meter(for: .key("unused"))
        let held = try table.meter(for: .key("held"))
        #expect(table.sweep(at: now) == 1)
        #expect(table.sweep(at: now.later(milliseconds: 59_999)) == 0)
        #expect(table.sweep(at: now.later(milliseconds: 60_000)) == 2)
        #expect(table.count == 1)
        #expect(try table.meter(for: .key("held")) === held)
    }

    @Test("makes room for others by what it forgets")
    func room() throws {
        let table = MeterTable(bound: 1)
        _ = try table.meter(for: .key("a"))
        #expect(throws: MeterTable.Full(bound: 1)) { try table.meter(for: .key("b")) }
        #expect(table.sweep(at: moment(2026, 11, 30)) == 1)
        _ = try table.meter(for: .key("b"))
    }

    @Test("adds what another process has counted since it handed over")
    func growth() throws {
        let now = moment(2026, 11, 21, 12)
        let (old, new) = (MeterTable(), MeterTable())
        let limits = RequestLimits(perDay: 1_000)
        func count(_ table: MeterTable, _ id: String, _ times: Int) throws {
            for _ in 0..<times { _ = try table.meter(for: .key(id)).admit(limits, at: now) }
        }
        try count(old, "both", 3)
        try count(old, "before", 2)
        let before = old.records(at: now)
        #expect(new.restore(before, at: now) == 0)
        try count(old, "both", 2)
        try count(old, "late", 1)
        try count(new, "both", 4)
        try count(new, "fresh", 5)
        let after = old.records(at: now)
        new.add(from: before, to: after, at: now)
        let expected = ["both": 9, "before": 2, "late": 1, "fresh": 5]
        for (id, number) in expected { #expect(days(new, at: now)[.key(id)] == number, "\(id)") }
        // What belongs to a day that has passed is not added to another one.
        let tomorrow = moment(2026, 11, 22, 0, 1, monotonic: 1_050_000)
        _ = try new.meter(for: .key("both")).admit(limits, at: tomorrow)
        new.add(from: before, to: after, at: tomorrow)
        #expect(days(new, at: tomorrow) == [.key("both"): 1])
    }

    @Test("takes back what another process held for a request and did not need")
    func refund() throws {
        let now = moment(2026, 11, 21, 12)
        let start = moment(2026, 11, 21).wall.nanoseconds / 1_000_000_000
        func entries(_ count: Int) -> [CounterFile.Entry] {
            let window = WindowRecord(start: start, count: count)
            return [CounterFile.Entry(.key("k"), MeterRecord(tokenDay: window))]
        }
        for (settled, expected) in [(40, 47), (0, 7), (150, 157)] {
            let table = MeterTable()
            _ = table.restore(entries(107), at: now)
            // All of it was given back: then there is no entry any more.
            table.add(from: entries(100), to: settled == 0 ? [] : entries(settled), at: now)
            #expect(table.records(at: now).first?.record.tokenDay.count == expected)
        }
    }

    private func days(_ table: MeterTable, at moment: Moment) -> [MeterTable.Subject: Int] {
        var found: [MeterTable.Subject: Int] = [:]
        for entry in table.records(at: moment) {
            found[entry.subject] = entry.record.requestDay.count
        }
        return found
    }
}
