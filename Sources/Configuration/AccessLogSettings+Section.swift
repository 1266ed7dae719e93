extension AccessLogSettings: Section {
    static let title = "accessLog"
    static let purpose = "One line of JSON per request, written behind the workers."
    static let settings: [Setting<AccessLogSettings>] = [
        Setting(
            "path", \.path, .destination,
            why: "`-`: standard output. A file is opened anew on SIGHUP."),
        Setting(
            "queueLines", \.queueLines, .whole(1...16_777_216),
            why: "Lines that may wait for a slow disk; more are dropped and counted, because a log "
                + "must never hold up a request."),
    ]
}

extension ValueKind where Value == AccessLogSettings.Destination {
    fileprivate static var destination: ValueKind {
        let path = ValueKind<String>.path
        return ValueKind(
            name: "`-`, `off` or path",
            read: { node, _, reader in
                switch node.value {
                case .scalar("-", _): return .standardOutput
                case .scalar("off", _): return .off
                default: return path.read(node, nil, &reader).map { .file($0) }
                }
            },
            write: { value in
                switch value {
                case .standardOutput: "-"
                case .off: "off"
                case .file(let path): path
                }
            })
    }
}
