import HTTP
import Kernel
import Policies
import Testing
import Upstream

@testable import Proxy

@Suite("Active checks of endpoints") struct HealthCheckTests {
    /// Checks of two endpoints, in memory, with a clock that the test moves.
    private final class Rig {
        let network = FakeNetwork()
        let checks: HealthChecks
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var peers: [Peer] = []
        /// Answers by the endpoint's address; nil: none.
        var status: (SocketAddress) -> Int? = { _ in 200 }

        init(isHTTP2: Bool = false) {
            checks = HealthChecks(network: network)
            follow(isHTTP2: isHTTP2)
        }

        @discardableResult
        func follow(
            isHTTP2: Bool = false, weight: Int = 1, unhealthyAfter: Int = 2
        ) -> UpstreamTarget {
            let endpoints = (0..<2).map { index in
                EndpointTarget(
                    host: "127.0.0.1", port: World.address(ofEndpoint: index).port,
                    basePath: "/v1", authority: "upstream", serverName: "upstream",
                    weight: weight)
            }
            let rules = HealthRules(
                path: "/health?deep=1", intervalMilliseconds: 1_000, timeoutMilliseconds: 400,
                unhealthyAfter: unhealthyAfter, healthyAfter: 2)
            let target = UpstreamTarget(
                name: "upstream", endpoints: endpoints, speech: isHTTP2 ? .http2 : .http1,
                tls: nil,
                credential: OperatorCredential(
                    name: Array("authorization".utf8), value: Array("Bearer own".utf8)),
                health: rules)
            checks.follow([target], limits: CodecLimits(), at: now)
            checks.resolved([(target, (0..<2).map { [World.address(ofEndpoint: $0)] })])
            return target
        }

        func pass(milliseconds: Int, isHTTP2: Bool = false) {
            for _ in 0..<milliseconds / 100 {
                now = now.advanced(milliseconds: 100)
                checks.fire(at: now)
                for _ in 0..<20 { turn(isHTTP2) }
            }
        }

        private func turn(_ isHTTP2: Bool) {
            for line in network.connecting {
                let peer = Peer(.server, line, isHTTP2: isHTTP2)
                peer.onEnd = { [unowned self] peer, stream in
                    guard let address = line.address, let status = status(address) else { return }
                    peer.respond(status, on: stream, body: [], length: 0)
                }
                peers.append(peer)
                line.isNewlyWritable = true
            }
            network.connecting = []
            for peer in peers where !peer.line.isReleased {
                let line = peer.line
                if line.isNewlyWritable { checks.ready(line.token, .writing, at: now) }
                line.isNewlyWritable = false
                _ = peer.work(at: now)
                if line.isNewlyReadable { checks.ready(line.token, .reading, at: now) }
                line.isNewlyReadable = false
            }
        }
    }

    @Test(
        "ask each endpoint once in an interval, as the upstream is asked", arguments: [false, true])
    func request(isHTTP2: Bool) {
        let rig = Rig(isHTTP2: isHTTP2)
        rig.pass(milliseconds: 5_000, isHTTP2: isHTTP2)
        #expect(rig.peers.count == 10)
        for peer in rig.peers {
            #expect(peer.messages.count == 1)
            let message = peer.messages.values.first
            #expect(message?.method == .get && message?.target == "/health?deep=1")
            #expect(message?.fields["authorization"] == "Bearer own")
            #expect(peer.line.isReleased)
        }
        #expect(rig.checks.verdicts.map(\.isHealthy) == [[true, true]])
        #expect(rig.checks.takeNews().isEmpty)
    }

    @Test(
        "find an endpoint unhealthy, and healthy again", arguments: ["answer", "refuse", "silence"])
    func verdicts(fault: String) {
        let rig = Rig()
        let sick = World.address(ofEndpoint: 1)
        rig.pass(milliseconds: 1_000)
        switch fault {
        case "answer": rig.status = { $0 == sick ? 404 : 204 }
        case "refuse": rig.network.refusing = [sick]
        default: rig.status = { $0 == sick ? nil : 200 }
        }
        rig.pass(milliseconds: 1_000)
        #expect(rig.checks.verdicts.map(\.isHealthy) == [[true, true]])
        rig.pass(milliseconds: 2_000)
        #expect(rig.checks.verdicts.map(\.isHealthy) == [[true, false]])
        let news = rig.checks.takeNews()
        #expect(news.map(\.endpoint) == ["127.0.0.1:9001"] && news.first?.isHealthy == false)
        rig.status = { _ in 200 }
        rig.network.refusing = []
        rig.pass(milliseconds: 4_000)
        #expect(rig.checks.verdicts.map(\.isHealthy) == [[true, true]])
        #expect(rig.checks.takeNews().map(\.isHealthy) == [true])
    }

    @Test("go on with what they know of an endpoint when its upstream changes around it")
    func following() {
        let rig = Rig()
        let sick = World.address(ofEndpoint: 1)
        rig.network.refusing = [sick]
        rig.pass(milliseconds: 3_000)
        #expect(rig.checks.verdicts.map(\.isHealthy) == [[true, false]])
        let lighter = rig.follow(weight: 7)
        #expect(rig.checks.verdicts.map(\.isHealthy) == [[true, false]])
        #expect(rig.checks.verdicts.first?.target === lighter)
        // Other rules, another judgement.
        rig.network.refusing = []
        rig.follow(weight: 7, unhealthyAfter: 1)
        #expect(rig.checks.verdicts.map(\.isHealthy) == [[true, true]])
        let before = rig.peers.count
        rig.pass(milliseconds: 1_000)
        #expect(rig.peers.count == before + 2)
        rig.checks.follow([], limits: CodecLimits(), at: rig.now)
        #expect(rig.checks.nextDue == nil && rig.checks.verdicts.isEmpty)
    }
}
