import Kernel
import YAML

extension MetricsSettings: Section {
    static let title = "metrics"
    static let purpose = "Numbers about the process at `/metrics`, in Prometheus's text format."
    static let settings: [Setting<MetricsSettings>] = [
        Setting(
            "listen", \.listen, .addressOrOff,
            why: "Whoever can connect can read: keep it on a loopback or private address. Port 0: "
                + "the system chooses, the readiness line tells. `off`: nothing is counted."),
        Setting(
            "seriesLimit", \.seriesLimit, .whole(1...100_000),
            why: "Combinations of site, route, method, status and error that are told apart; "
                + "requests beyond are counted under `other`, so that nobody can fill the memory "
                + "with labels."),
        Setting(
            "spareRoutes", \.spareRoutes, .whole(0...10_000),
            why: "Routes that reloads may add and that are still told apart, a kilobyte each for "
                + "every worker; those beyond are counted under `other`."),
        Setting(
            "spareUpstreams", \.spareUpstreams, .whole(0...1_000),
            why: "The same for upstreams, with some hundred bytes each."),
        Setting(
            "connections", \.connections, .whole(1...1_024),
            why: "Readers at once; others wait to be accepted."),
        Setting(
            "timeoutSeconds", \.timeout, .seconds(100...600_000),
            why: "How long a reader's connection may be silent."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        guard let listen, listen.port != 0, node["listen"] != nil else { return }
        reader.declare(.listenAddress, listen.description, at: node.mark(of: "listen"))
    }
}

extension ValueKind where Value == SocketAddress? {
    fileprivate static var addressOrOff: ValueKind {
        let address = ValueKind<SocketAddress>.parsed("`off` or an address as `127.0.0.1:9464`") {
            SocketAddress($0)
        }
        return ValueKind(
            name: address.name,
            read: { node, _, reader in
                if case .scalar("off", _) = node.value { return .some(nil) }
                return address.read(node, nil, &reader).map { .some($0) }
            },
            write: { $0.map(address.write) ?? "off" })
    }
}
