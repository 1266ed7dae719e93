import Testing

@testable import Proxy

@Suite("The relay under chance") struct GameTests {
    @Test("whatever happens when, bytes stay whole and nothing is left", arguments: Pair.all)
    func games(pair: Pair) throws {
        var completed = 0
        for seed in UInt64(1)...8 {
            let game = try RelayGame(seed: seed, pair: pair)
            try game.play(steps: 100)
            completed += game.completed
            #expect(game.fault == nil, "seed \(seed)")
        }
        #expect(completed > 20)
    }
}
