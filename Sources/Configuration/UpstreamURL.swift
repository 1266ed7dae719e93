import Kernel

/// `http://host:port/base` or `https://…`, taken apart.
public struct UpstreamURL: Sendable, Equatable, CustomStringConvertible {
    public var isTLS = false
    /// A name, or an address; IPv6 without brackets.
    public var host = ""
    public var port: UInt16 = 80
    /// What stands before the routes' paths once their leading `/v1` is taken off: empty, or `/…`
    /// without a slash at its end.
    public var basePath = ""

    public init() {}

    /// nil for another scheme, user information, a query, a fragment or a malformed host or port.
    public init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("https://") {
            isTLS = true
            port = 443
            rest = rest.dropFirst(8)
        } else if rest.hasPrefix("http://") {
            rest = rest.dropFirst(7)
        } else {
            return nil
        }
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard readAuthority(rest[..<slash]), readPath(rest[slash...]) else { return nil }
    }

    private mutating func readAuthority(_ text: Substring) -> Bool {
        var name = text
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { return false }
            name = text[text.index(after: text.startIndex)..<close]
            let behind = text[text.index(after: close)...]
            guard let address = IPAddress(String(name)), name.contains(":") else { return false }
            host = address.description
            return behind.isEmpty || (behind.first == ":" && readPort(behind.dropFirst()))
        }
        if let colon = text.firstIndex(of: ":") {
            name = text[..<colon]
            guard readPort(text[text.index(after: colon)...]) else { return false }
        }
        host = name.lowercased()
        return HostName.isValid(host)
    }

    private mutating func readPort(_ digits: Substring) -> Bool {
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(digits),
            number > 0
        else { return false }
        port = number
        return true
    }

    private mutating func readPath(_ text: Substring) -> Bool {
        var path = text
        while path.last == "/" { path = path.dropLast() }
        guard !path.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") })
        else { return false }
        basePath = String(path)
        return true
    }

    /// Host and port as Host or `:authority` carries them: without the scheme's own port.
    public var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    public var description: String {
        "\(isTLS ? "https" : "http")://\(authority)\(basePath)"
    }
}
