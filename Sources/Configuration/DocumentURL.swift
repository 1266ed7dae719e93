/// `http://host:port/path?query` or `https://…`: where a document is fetched from.
public struct DocumentURL: Sendable, Equatable, CustomStringConvertible {
    public var server = UpstreamURL()
    /// Path and query, as the request line carries them.
    public var target = "/"

    public init() {}

    /// nil for another scheme, user information, a fragment, or more than 2,048 bytes.
    public init?(_ text: String) {
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            !text.utf8.contains(UInt8(ascii: "#")), let scheme = text.firstRange(of: "://")
        else { return nil }
        let rest = text[scheme.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let server = UpstreamURL(String(text[..<end])) else { return nil }
        self.server = server
        target = rest[end...].first == "/" ? String(rest[end...]) : "/" + rest[end...]
    }

    public var description: String { "\(server)\(target)" }
}
