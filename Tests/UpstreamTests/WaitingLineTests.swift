import Chance
import Testing

@testable import Upstream

@Suite("The line of those who wait") struct WaitingLineTests {
    @Test("serves in order whoever has not left", arguments: UInt64(1)...50)
    func games(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var line = WaitingLine()
        var known: [(waiter: UInt64, ticket: WaitingTicket)] = []
        var gone: [WaitingTicket] = []
        for waiter in UInt64(1)...3_000 {
            switch random.below(8) {
            case 0...3: known.append((waiter, line.join(waiter)))
            case 4...5 where !known.isEmpty:
                let ticket = known.remove(at: random.below(known.count)).ticket
                line.leave(ticket)
                gone.append(ticket)
            case 6 where !gone.isEmpty: line.leave(gone[random.below(gone.count)])
            default:
                let first = known.isEmpty ? nil : known.removeFirst()
                #expect(line.popFirst() == first?.waiter, "seed \(seed)")
                if let first { gone.append(first.ticket) }
            }
            #expect(line.count == known.count, "seed \(seed)")
        }
    }

    @Test("forgets a long queue's memory, not its tickets")
    func burst() {
        var line = WaitingLine()
        let tickets = (0..<5_000).map { line.join(UInt64($0)) }
        for ticket in tickets.reversed() { line.leave(ticket) }
        #expect(line.count == 0)
        _ = line.join(7)
        for ticket in tickets { line.leave(ticket) }
        #expect(line.popFirst() == 7)
    }
}
