extension KeyEntry {
    /// The entry as an item of a `keys` list, `indent` spaces deep, ending in a newline.
    ///
    /// Limits that are nil are left out, so that the site's defaults apply to them.
    public func yaml(indent: Int = 2) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines = [
            "id: \(Self.quoted(id))", "name: \(Self.quoted(name))",
            "prefix: \(Self.quoted(prefix))",
            "hash: \"\(Self.written(hash))\"", "status: \(status.rawValue)",
        ]
        if let expiresAt { lines.append("expiresAt: \(Self.quoted(expiresAt.rfc3339))") }
        let bounds = [
            ("requestsPerMinute", limits.requestsPerMinute),
            ("requestsPerDay", limits.requestsPerDay),
            ("requestsPerMonth", limits.requestsPerMonth),
            ("tokensPerMonth", limits.tokensPerMonth),
        ]
        let set = bounds.compactMap { name, bound in bound.map { "\(name): \($0)" } }
        if !set.isEmpty { lines.append("limits: {\(set.joined(separator: ", "))}") }
        if let allowedModels {
            lines.append("allowedModels: [\(Self.list(allowedModels))]")
        }
        if !scopes.isEmpty { lines.append("scopes: [\(Self.list(scopes))]") }
        let owners = [("organization", organization), ("project", project), ("role", role)]
        for (name, owner) in owners {
            if let owner { lines.append("\(name): \(Self.quoted(owner))") }
        }
        return margin + "- " + lines.joined(separator: "\n" + margin + "  ") + "\n"
    }

    private static func list(_ words: [String]) -> String {
        words.map(quoted).joined(separator: ", ")
    }

    /// A double-quoted scalar (YAML 1.1 section 5.7): nothing in it can be mistaken for markup.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: quoted += "\\\""
            case 0x5c: quoted += "\\\\"
            case 0..<0x20, 0x7f..<0xa0, 0xd800..<0xe000, 0xfeff, 0xfffe, 0xffff, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
