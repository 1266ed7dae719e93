import Proxy

/// What may come of upstreams that keep no rule.
extension World {
    /// Over HTTP/1.1 a connection on which anything was wrong ends with the exchange it was said
    /// to.
    func checkVillain(_ upstream: Upstream, _ found: Inventory) {
        guard !upstream.isHTTP2, upstream.isHeard, !upstream.isStalled else { return }
        for talk in upstream.talks {
            guard let villainy = talk.attempt?.villainy else { continue }
            let id = "sim-\(talk.request.number)"
            if !found.shares.contains(where: { $0.requestID == id }) {
                fault("\(villainy.name): the connection is kept")
            }
        }
    }
}
