import YAML

extension CrossOriginSettings: Section {
    static let title = "sites[].crossOrigin"
    static let purpose = """
        What pages of other origins may do (CORS). Preflights are answered on every path, without \
        a key; the fields stand on errors too.
        """
    static let settings: [Setting<CrossOriginSettings>] = [
        Setting(
            "origins", \.origins, .list(of: .origin),
            why: "`*`: every origin. Else exactly these, as browsers write them: scheme, host and "
                + "port, nothing behind. None: pages of other origins read nothing."),
        Setting(
            "credentials", \.credentials, .bool,
            why: "Whether cookies may go along. Not with `*`, which browsers would refuse."),
        Setting(
            "allowedHeaders", \.allowedHeaders, .requestFields,
            why: "Fields that a page may send. `reflect`: whatever it asks for, as the SDKs need, "
                + "which send `x-stainless-*`."),
        Setting(
            "exposedHeaders", \.exposedHeaders, .list(of: .writtenFieldName),
            why: "Fields of the answer that a page may read."),
        Setting(
            "maxAgeSeconds", \.maxAgeSeconds, .whole(0...604_800),
            why: "How long a browser may keep the answer to a preflight."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        guard origins.contains("*") else { return }
        if origins.count > 1 {
            reader.report("`*` stands for every origin: name no others", at: node.mark)
        }
        if credentials {
            reader.report(
                "credentials need a list of origins, not `*`", at: node.mark(of: "credentials"))
        }
    }
}

extension ValueKind where Value == String {
    fileprivate static var origin: ValueKind {
        scalar("`*` or origin as `https://app.example:8443`", write: { $0 }) { text in
            if text == "*" { return text }
            guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
                return nil
            }
            let rest = text[colon...].dropFirst(3)
            let isFit = { (byte: UInt8) in
                byte > 0x20 && byte < 0x7f && !"/?#@,\\\"".utf8.contains(byte)
            }
            guard Names.isToken(String(text[..<colon])), !rest.isEmpty,
                rest.utf8.allSatisfy(isFit), text == text.lowercased()
            else { return nil }
            return text
        }
    }

    /// A field name as it is to be shown.
    fileprivate static var writtenFieldName: ValueKind {
        scalar("header field name", write: { $0 }) { Names.isToken($0) ? $0 : nil }
    }
}

extension ValueKind where Value == CrossOriginSettings.RequestFields {
    fileprivate static var requestFields: ValueKind {
        let names = ValueKind<[String]>.list(of: .writtenFieldName)
        return ValueKind(
            name: "`reflect` or list of header field names",
            read: { node, _, reader in
                if node.value == .scalar("reflect", isPlain: true) { return .reflected }
                return names.read(node, nil, &reader).map { .listed($0) }
            },
            write: { value in
                switch value {
                case .reflected: "reflect"
                case .listed(let list): names.write(list)
                }
            })
    }
}
