import Chance
import Kernel
import Testing

@testable import Upstream

@Suite("The endpoints of an upstream") struct EndpointSetTests {
    private static let none = EndpointSet.none
    private let start = Instant(nanoseconds: 1)

    @Test("get their shares by weight while they have nothing to do", arguments: UInt64(1)...8)
    func weights(seed: UInt64) {
        let weights = [1, 2, 5]
        var set = EndpointSet(weights: weights, seed: seed)
        var chosen = [0, 0, 0]
        for _ in 0..<80_000 { chosen[set.choose(at: start, avoiding: Self.none)] += 1 }
        for (count, weight) in zip(chosen, weights) {
            let share = weight * 10_000
            #expect(abs(count - share) < share / 10 + 200, "seed \(seed): \(chosen)")
        }
    }

    @Test("get requests that stay in proportion to their weights", arguments: UInt64(1)...8)
    func loads(seed: UInt64) {
        let weights = [1, 2, 5, 8]
        var set = EndpointSet(weights: weights, seed: seed)
        for _ in 0..<1_600 { set.took(set.choose(at: start, avoiding: Self.none)) }
        for (index, weight) in weights.enumerated() {
            let load = set.load(of: index)
            #expect(abs(load - weight * 100) <= weight * 100 / 5, "seed \(seed), \(index): \(load)")
        }
    }

    @Test("the busier of two is never chosen", arguments: UInt64(1)...8)
    func lessBusy(seed: UInt64) {
        var set = EndpointSet(weights: [1, 1], seed: seed)
        set.took(0)
        for _ in 0..<100 { #expect(set.choose(at: start, avoiding: Self.none) == 1) }
        set.took(1)
        set.took(1)
        for _ in 0..<100 { #expect(set.choose(at: start, avoiding: Self.none) == 0) }
    }

    @Test("one that is to be avoided is chosen only when it is the only one")
    func avoiding() {
        var set = EndpointSet(weights: [9, 1, 1], seed: 3)
        for _ in 0..<100 { #expect(set.choose(at: start, avoiding: 0) != 0) }
        var pair = EndpointSet(weights: [1, 1], seed: 3)
        _ = pair.setHealthy(1, false)
        #expect(pair.choose(at: start, avoiding: 0) == 0)
    }

    @Test("five failures in a row leave one out, four and a success do not")
    func ejection() {
        var set = EndpointSet(weights: [1, 1])
        for _ in 0..<4 { #expect(set.failed(0, at: start) == false) }
        set.succeeded(0)
        for _ in 0..<4 { #expect(set.failed(0, at: start) == false) }
        #expect(set.isFit(0))
        #expect(set.failed(0, at: start) == true)
        #expect(!set.isFit(0))
        for _ in 0..<100 { #expect(set.choose(at: start, avoiding: Self.none) == 1) }
    }

    @Test("at most half are left out, and never the last", arguments: 1...9)
    func bounds(count: Int) {
        var set = EndpointSet(weights: Array(repeating: 1, count: count))
        for _ in 0..<20 {
            for index in 0..<count { _ = set.failed(index, at: start) }
        }
        #expect((0..<count).count { !set.isFit($0) } == count / 2)
        var greedy = EndpointSet(
            weights: Array(repeating: 1, count: count), rules: EjectionRules(percent: 100))
        for _ in 0..<20 {
            for index in 0..<count { _ = greedy.failed(index, at: start) }
        }
        #expect((0..<count).count { greedy.isFit($0) } == 1)
    }

    @Test("one that is left out is tried by one request, and comes back with its success")
    func recovery() {
        var set = EndpointSet(weights: [1, 1])
        for _ in 0..<5 { _ = set.failed(0, at: start) }
        let early = start.advanced(milliseconds: 29_999)
        for _ in 0..<50 { #expect(set.choose(at: early, avoiding: Self.none) == 1) }
        // A late success of before says nothing.
        set.succeeded(0)
        #expect(!set.isFit(0))
        let late = start.advanced(milliseconds: 30_000)
        #expect(set.choose(at: late, avoiding: Self.none) == 0)
        for _ in 0..<50 { #expect(set.choose(at: late, avoiding: Self.none) == 1) }
        #expect(set.failed(0, at: late) == false)
        for _ in 0..<50 { #expect(set.choose(at: late, avoiding: Self.none) == 1) }
        let later = late.advanced(milliseconds: 30_000)
        #expect(set.choose(at: later, avoiding: Self.none) == 0)
        set.succeeded(0)
        #expect(set.isFit(0))
        for _ in 0..<4 { #expect(set.failed(0, at: later) == false) }
    }

    @Test("a probe whose end nobody learns is followed by another")
    func lostProbe() {
        var set = EndpointSet(weights: [1, 1])
        for _ in 0..<5 { _ = set.failed(0, at: start) }
        let first = start.advanced(milliseconds: 30_000)
        #expect(set.choose(at: first, avoiding: Self.none) == 0)
        let second = first.advanced(milliseconds: 30_000)
        #expect(set.choose(at: second, avoiding: Self.none) == 0)
    }

    @Test("all are used when none is fit")
    func panic() {
        var set = EndpointSet(weights: [1, 1], seed: 5)
        #expect(set.setHealthy(0, false) == true)
        #expect(set.setHealthy(1, false) == true)
        #expect(Set((0..<50).map { _ in set.choose(at: start, avoiding: Self.none) }) == [0, 1])
        #expect(set.setHealthy(1, true) == false)
        for _ in 0..<50 { #expect(set.choose(at: start, avoiding: Self.none) == 1) }
    }

    @Test("one that moved is forgiven")
    func renewal() {
        var set = EndpointSet(weights: [1, 1])
        for _ in 0..<5 { _ = set.failed(0, at: start) }
        set.renew(0)
        #expect(set.isFit(0))
    }

    @Test("keep their bounds whatever is reported", arguments: UInt64(1)...200)
    func games(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = 1 + random.below(8)
        let percent = random.below(101)
        var set = EndpointSet(
            weights: (0..<count).map { _ in 1 + random.below(9) },
            rules: EjectionRules(failures: 1 + random.below(4), percent: percent), seed: seed)
        var now = start
        for _ in 0..<500 {
            now = now.advanced(milliseconds: random.below(5_000))
            let index = random.below(count)
            switch random.below(4) {
            case 0: set.succeeded(index)
            case 1: set.renew(index)
            default: _ = set.failed(index, at: now)
            }
            let out = (0..<count).count { !set.isFit($0) }
            #expect(out < count && out * 100 <= count * percent, "seed \(seed)")
            let avoided = random.below(count + 1) - 1
            let chosen = set.choose(at: now, avoiding: avoided)
            #expect(chosen != avoided || out >= count - 1, "seed \(seed)")
        }
    }

    @Test("remember an ejection when the rules change, as far as the new ones go")
    func takingOver() {
        let rules = EjectionRules(failures: 2, milliseconds: 1_000, percent: 50)
        var old = EndpointSet(weights: [1, 1], rules: rules)
        #expect(old.failed(0, at: start) == false)
        #expect(old.failed(0, at: start) == true)
        #expect(old.failed(1, at: start) == false)
        #expect(old.setHealthy(1, false) == true)

        var swapped = EndpointSet(weights: [3, 1, 1], rules: rules)
        swapped.takeOver(1, from: old, 0, isChecked: false)
        swapped.takeOver(2, from: old, 1, isChecked: false)
        #expect((0..<3).map(swapped.isFit) == [true, false, true])
        // One failure it had, this is the second; but half of three is one.
        #expect(swapped.failed(2, at: start) == false)
        // The time of the ejection goes on.
        let later = start.advanced(milliseconds: 1_000)
        #expect(swapped.choose(at: later, avoiding: Self.none) == 1)
        swapped.succeeded(1)
        #expect(swapped.isFit(1))

        var checked = EndpointSet(weights: [1, 1], rules: rules)
        checked.takeOver(0, from: old, 1, isChecked: true)
        #expect(!checked.isFit(0) && checked.isFit(1))

        var lenient = EndpointSet(weights: [1, 1], rules: EjectionRules(failures: 0))
        lenient.takeOver(0, from: old, 0, isChecked: true)
        #expect(lenient.isFit(0))
        var alone = EndpointSet(weights: [1], rules: rules)
        alone.takeOver(0, from: old, 0, isChecked: true)
        #expect(alone.isFit(0))
    }
}
