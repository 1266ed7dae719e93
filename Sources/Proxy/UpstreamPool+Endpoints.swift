import Kernel
import Upstream

/// Where the endpoints are, and how they are doing.
extension UpstreamPool {
    // MARK: Addresses

    /// The next address of `endpoint` for an attempt that has `tried` others; nil: it tried all.
    func nextAddress(of endpoint: Int, tried: inout UInt64) -> SocketAddress? {
        addresses[endpoint].next(tried: &tried, at: core.now.monotonic)
    }

    func failedToReach(_ address: SocketAddress, of endpoint: Int) {
        addresses[endpoint].failed(address, at: core.now.monotonic)
    }

    func leads(_ endpoint: Int, to address: SocketAddress?) -> Bool {
        address.map { addresses[endpoint].contains($0) } ?? false
    }

    /// Takes over where the endpoints' names lead; one without an answer keeps what it had.
    /// Connections to addresses that are gone finish what they carry and take nothing new.
    func resolved(_ found: [[SocketAddress]]) {
        for (endpoint, found) in zip(addresses.indices, found) where !found.isEmpty {
            guard addresses[endpoint].replace(found) else { continue }
            machine.endpoints.renew(endpoint)
            retire { $0.endpoint == endpoint && !self.leads(endpoint, to: $0.address) }
        }
        pump()
    }

    /// Remembers what `former` has learnt of the endpoints that are the same.
    func takeOver(_ former: UpstreamPool) {
        for (index, endpoint) in target.endpoints.enumerated() {
            guard let place = target.place(of: endpoint, in: former.target) else { continue }
            addresses[index].takeOver(former.addresses[place])
            machine.endpoints.takeOver(
                index, from: former.machine.endpoints, place, isChecked: target.health != nil)
        }
    }

    // MARK: Health

    /// The endpoint answered a request. What the statuses mean is decided in
    /// docs/decisions/0014-endpoints-that-fail.md.
    func answered(_ endpoint: Int, status: Int) {
        switch status {
        case 500, 502, 503, 504: failed(endpoint)
        default: machine.endpoints.succeeded(endpoint)
        }
    }

    /// A request or an attempt to connect failed through the endpoint's fault.
    func failed(_ endpoint: Int) {
        guard machine.endpoints.failed(endpoint, at: core.now.monotonic) else { return }
        retire { $0.endpoint == endpoint }
        pump()
    }

    /// What active checks found of each endpoint.
    func checked(_ isHealthy: [Bool]) {
        for (endpoint, isHealthy) in zip(addresses.indices, isHealthy)
        where machine.endpoints.setHealthy(endpoint, isHealthy) {
            retire { $0.endpoint == endpoint }
        }
        pump()
    }

    /// A request broke at the endpoint before an answer: its other connections that carry nothing
    /// may be as dead as that one, and none of them should meet the request's second try.
    func closeUnused(of endpoint: Int) {
        retire { $0.endpoint == endpoint && self.isUnused($0) }
    }

    private func retire(where isConcerned: (UpstreamConnection) -> Bool) {
        for case let connection? in connections where isConcerned(connection) {
            goingAway(connection)
        }
    }
}
