import Kernel

import YAML

extension ListenerSettings: Section {
    static let title = "listeners[]"
    static let purpose = "An address that takes client connections."
    static let settings: [Setting<ListenerSettings>] = [
        Setting(
            "name", \.name, .name(of: .listener), isRequired: true,
            why: "Stands in the readiness line and the access log."),
        Setting(
            "address", \.address,
            .parsed("`127.0.0.1:8443` or `[::1]:8443`") { SocketAddress($0) }, isRequired: true,
            why: "Where to listen. Port 0: the system chooses, the readiness line tells."),
        Setting(
            "tls", \.tls, .optional(.section),
            why: "Absent: cleartext, HTTP/1.1 and HTTP/2 with prior knowledge on one port."),
        Setting(
            "protocols", \.protocols, .list(of: .choice, minimum: 1),
            why: "What is spoken, most wanted first (the ALPN list)."),
        Setting(
            "allowHalfClose", \.allowHalfClose, .bool,
            why: "A client that ends its sending side still gets its answer. Off, because over "
                + "HTTP/1.1 nothing else tells that a client is gone. Cleartext only."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if Set(protocols).count != protocols.count {
            reader.report("a protocol is listed twice", at: node.mark(of: "protocols"))
        }
        if allowHalfClose, tls != nil {
            reader.report(
                "allowHalfClose is for cleartext listeners", at: node.mark(of: "allowHalfClose"))
        }
        if allowHalfClose, !protocols.contains(.http1) {
            reader.report(
                "allowHalfClose needs http/1.1 among the protocols",
                at: node.mark(of: "allowHalfClose"))
        }
        if address.port != 0, node["address"] != nil {
            reader.declare(
                .listenAddress, address.description, at: node.mark(of: "address"))
        }
    }
}
