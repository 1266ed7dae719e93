import Kernel

/// One place where an upstream is served.
public final class EndpointTarget: Sendable {
    public let host: String
    public let port: UInt16
    /// Stands in place of a leading `/v1` of the request's path. No slash at the end; may be empty.
    public let basePath: ByteBuffer
    /// Sent as Host or `:authority`.
    public let authority: ByteBuffer
    /// The name in SNI and in the certificate.
    public let serverName: String
    /// Its share of the requests, beside those of the other endpoints.
    public let weight: Int

    public init(
        host: String, port: UInt16, basePath: String, authority: String, serverName: String,
        weight: Int = 1
    ) {
        self.host = host
        self.port = port
        self.basePath = ByteBuffer(basePath)
        self.authority = ByteBuffer(authority)
        self.serverName = serverName
        self.weight = weight
    }

    /// Whether it is the same place, spoken to in the same words, whatever its share.
    func isSamePlace(as other: EndpointTarget) -> Bool {
        host == other.host && port == other.port && serverName == other.serverName
            && basePath.text == other.basePath.text && authority.text == other.authority.text
    }
}
