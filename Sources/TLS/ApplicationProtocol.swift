/// What is spoken inside TLS, as negotiated by ALPN (RFC 7301).
public enum ApplicationProtocol: Equatable, Sendable {
    case http1
    case http2

    /// The protocol's name as the wire has it (IANA's registry of ALPN protocol ids).
    public var name: StaticString {
        switch self {
        case .http1: "http/1.1"
        case .http2: "h2"
        }
    }
}

extension [ApplicationProtocol] {
    /// The list as the extension carries it: each name behind its length.
    var wireFormat: [UInt8] {
        var bytes: [UInt8] = []
        for element in self {
            let name = element.name.description.utf8
            bytes.append(UInt8(name.count))
            bytes.append(contentsOf: name)
        }
        return bytes
    }
}
