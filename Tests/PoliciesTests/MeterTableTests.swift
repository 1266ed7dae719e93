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
}
