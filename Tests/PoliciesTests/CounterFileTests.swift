import Chance
import Errors
import Kernel
import Testing

@testable import Policies

@Suite("The file of counters")
struct CounterFileTests {
    private let noon = moment(2026, 11, 21, 12)
    private let limits = RequestLimits(perMinute: 90, perDay: 100, perMonth: 1_000)
    private let tokens = TokenLimits(perDay: 10_000, perMonth: 20_000)

    private func gates(_ table: MeterTable, _ subject: MeterTable.Subject) throws -> Gates {
        Gates([Gate(limits, tokens: tokens, try table.meter(for: subject))])
    }

    private func file(_ table: MeterTable, at time: Moment) -> [UInt8] {
        var text = ByteBuffer()
        CounterFile.write(table.records(at: time), into: &text)
        return text.bytes.array
    }

    private func read(_ bytes: [UInt8]) -> [CounterFile.Entry]? {
        do throws(CounterFile.Corrupt) {
            return try CounterFile.read(bytes.span)
        } catch {
            return nil
        }
    }

    private static let subjects: [MeterTable.Subject] = [
        .key("k"), .project("acme.1"), .user(project: "p", Array("end 1 =".utf8)),
        .user(project: "", []), .user(project: "p", [0, 10, 255]),
    ]

    @Test("counting goes on where it left off; minutes and what was held are forgotten")
    func roundTrip() throws {
        let before = MeterTable()
        for (index, subject) in Self.subjects.enumerated() {
            let gates = try gates(before, subject)
            for _ in 0...index { #expect(gates.admit(at: noon).isAdmitted) }
            #expect(gates.budget?.hold(1_000, at: noon) == nil)
            gates.budget?.settle(held: 500, used: 100 * index, at: noon)
        }
        _ = before.process.admit(limits, at: noon)
        let after = MeterTable()
        let entries = try #require(read(file(before, at: noon)))
        #expect(entries.count == Self.subjects.count + 1)
        let later = noon.later(milliseconds: 60_000)
        #expect(after.restore(entries, at: later) == 0)
        for (index, subject) in Self.subjects.enumerated() {
            let gates = try gates(after, subject)
            let day = Gates([Gate(RequestLimits(perDay: 100), try after.meter(for: subject))])
            #expect(day.admit(at: later).reading?.remaining == 100 - (index + 1) - 1)
            #expect(gates.budget?.reading(at: later)?.remaining == 10_000 - 100 * index)
        }
        let process = after.process.admit(RequestLimits(perMonth: 5), at: later)
        #expect(process.reading?.remaining == 3)
    }

    @Test("a day that is over is not kept, its month is")
    func ended() throws {
        let before = MeterTable()
        let gates = try gates(before, .key("k"))
        gates.budget?.settle(held: 0, used: 700, at: noon)
        let bytes = file(before, at: noon)
        let tomorrow = noon.later(milliseconds: 86_400_000)
        for entries in [read(bytes), read(file(before, at: tomorrow))] {
            let after = MeterTable()
            #expect(after.restore(try #require(entries), at: tomorrow) == 0)
            let records = after.records(at: tomorrow)
            #expect(records.map(\.record.tokenDay.count) == [0])
            #expect(records.map(\.record.tokenMonth.count) == [700])
        }
        let nextMonth = noon.later(milliseconds: 40 * 86_400_000)
        #expect(before.records(at: nextMonth).isEmpty)
    }

    @Test("a clock that was set back over the restart gives no second day, but one day at most")
    func clockSetBack() throws {
        let before = MeterTable()
        let gate = Gate(RequestLimits(perDay: 1), try before.meter(for: .key("k")))
        #expect(Gates([gate]).admit(at: noon).isAdmitted)
        let after = MeterTable()
        let yesterday = noon.wallSet(bySeconds: -86_400)
        #expect(after.restore(try #require(read(file(before, at: noon))), at: yesterday) == 0)
        let kept = Gates([Gate(RequestLimits(perDay: 1), try after.meter(for: .key("k")))])
        #expect(!kept.admit(at: yesterday).isAdmitted)
        var past = yesterday.later(milliseconds: 86_400_001)
        past.wall = yesterday.wall
        #expect(kept.admit(at: past).isAdmitted)
    }

    @Test("a file that is cut off anywhere, or of which any byte is another, is not believed")
    func corruption() throws {
        let table = MeterTable()
        for subject in Self.subjects { _ = try gates(table, subject).admit(at: noon) }
        let bytes = file(table, at: noon)
        #expect(read(bytes) != nil)
        for count in 0..<bytes.count { #expect(read(Array(bytes[..<count])) == nil) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(read(changed) == nil, "byte \(index)")
        }
        #expect(read(bytes + bytes) == nil && read(bytes + [10]) == nil)
    }

    @Test("counters beyond the bound are lost, and that is told")
    func bound() throws {
        let table = MeterTable()
        for index in 0..<10 { _ = try gates(table, .key("\(index)")).admit(at: noon) }
        let small = MeterTable(bound: 4)
        #expect(small.restore(table.records(at: noon), at: noon) == 6)
    }

    @Test("whatever is written is read again", arguments: 0..<20 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func window() -> WindowRecord {
            WindowRecord(start: Int64(random.below(1 << 32)), count: random.below(1 << 40))
        }
        let entries = (0..<random.below(30)).map { _ in
            let name = (0..<random.below(9)).map { _ in UInt8(random.below(256)) }
            return CounterFile.Entry(
                .user(project: "p\(random.below(9))", name),
                MeterRecord(
                    requestDay: window(), requestMonth: window(), tokenDay: window(),
                    tokenMonth: window()))
        }
        var text = ByteBuffer()
        CounterFile.write(entries, into: &text)
        #expect(read(text.bytes.array) == entries, "seed \(seed)")
    }
}
