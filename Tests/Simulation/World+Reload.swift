import Kernel
import Proxy

/// Reloads, and clocks that are set.
extension World {
    /// Another snapshot takes over. A millisecond passes, so that whatever was decided before can
    /// be told from what is decided afterwards.
    func reload() throws {
        advance(milliseconds: 1)
        enact(Regime(scenario, &random))
        snapshot = try scenario.makeSnapshot(regime, meter, after: snapshot)
        trace.note(.reload, regime.bodyLimit, regime.hasListing ? 1 : 0)
        core.beginTurn(now)
        core.adopt(snapshot, addresses: [Self.addresses(1, of: scenario.endpoints)])
        _ = core.endTurn()
    }

    /// The wall clock is set forwards or back.
    func setClock(by milliseconds: Int) {
        advance(milliseconds: 1)
        trace.note(.clockSet, milliseconds)
        shiftWall(by: Int64(milliseconds) * 1_000_000)
    }

    /// What a request may have been judged by: whatever was in force since it was sent, and until
    /// it went on.
    func regimes(of request: Request) -> ArraySlice<Regime> {
        regimes[request.firstRegime...(request.lastRegime ?? regimes.count - 1)]
    }
}
