import Configuration
import Kernel
import Proxy
import TLS

/// Fetches documents for one token issuer and waits for each: on the thread of its source, never
/// on a worker.
final class KeySetFetch {
    /// The largest document: room for some hundred keys.
    static let bodyLimit = 262_144

    private let timeout: Int
    private let tls: TLSClientContext?
    private let waker: Waker
    private let isStopping: () -> Bool

    /// `waker`: woken when `isStopping` has changed, perhaps.
    init(
        timeoutMilliseconds: Int, tls: TLSClientContext?, waker: Waker,
        isStopping: @escaping () -> Bool
    ) {
        timeout = timeoutMilliseconds
        self.tls = tls
        self.waker = waker
        self.isStopping = isStopping
    }

    /// What stands at `url`, or why nothing does, in words.
    func get(_ url: DocumentURL) throws(KeySetProblem) -> [UInt8] {
        let fetch: DocumentFetch
        do throws(SystemFault) {
            fetch = try run(url)
        } catch {
            throw KeySetProblem("\(url): \(error)")
        }
        if let fault = fetch.fault { throw KeySetProblem("\(url): \(fault)") }
        guard fetch.isOver else { throw KeySetProblem("\(url): the program ends") }
        let body = fetch.takeBody()
        return body.bytes.array
    }

    private func run(_ url: DocumentURL) throws(SystemFault) -> DocumentFetch {
        let addresses = try SocketAddress.resolve(host: url.server.host, port: url.server.port)
        let poller = try Poller()
        let wakerToken = Token(.mailbox, slot: 0)
        try poller.watchLevel(waker.descriptor, token: wakerToken.rawValue)
        let fetch = DocumentFetch(
            EndpointTarget(
                host: url.server.host, port: url.server.port, basePath: "",
                authority: url.server.authority, serverName: url.server.host),
            target: url.target, tls: url.server.isTLS ? tls : nil, addresses: addresses,
            bodyLimit: Self.bodyLimit, timeoutMilliseconds: timeout,
            network: PollerNetwork(poller), now: .now())
        wait(for: fetch, poller, wakerToken)
        return fetch
    }

    private func wait(for fetch: DocumentFetch, _ poller: Poller, _ wakerToken: Token) {
        while !fetch.isOver, !isStopping() {
            let left = fetch.deadline.since(.now())
            let count = poller.wait(milliseconds: Int32(clamping: (left + 999_999) / 1_000_000))
            let now = Instant.now()
            for index in 0..<count {
                let (value, readiness) = poller.event(index)
                let token = Token(rawValue: value)
                if token == wakerToken {
                    waker.acknowledge()
                } else {
                    fetch.ready(token, readiness, at: now)
                }
            }
            fetch.fire(at: now)
        }
    }
}
