import HTTP
import Kernel

/// Whose word about a client's address is taken, and what is said upstream about it.
///
/// Nobody's is the default. Incoming `X-Forwarded-*` fields count only when the connection comes
/// from a configured range; `Forwarded` is never read and never sent.
public final class TrustedProxies: Sendable {
    /// Hops that are looked at; a longer chain is not believed further.
    public static let longestChain = 32

    private let ranges: [AddressRange]

    public init(_ ranges: [AddressRange] = []) { self.ranges = ranges }

    public func contains(_ address: IPAddress) -> Bool {
        for range in ranges where range.contains(address) { return true }
        return false
    }

    /// Who the client is: the peer, or, when a trusted proxy speaks, the last address in
    /// `X-Forwarded-For`, read right to left, that is not itself a trusted proxy's. Text that is no
    /// address ends the chain: what is left of it is anybody's invention.
    public func client(peer: IPAddress, _ fields: borrowing Fields) -> IPAddress {
        guard !ranges.isEmpty, contains(peer) else { return peer }
        var current = peer
        var hops = 0
        var field = fields.count
        while let index = Self.lastForwardedFor(fields, before: field) {
            field = index
            let isDecided = follow(fields.value(at: index), &current, &hops)
            if isDecided { return current }
        }
        return current
    }

    /// Adds `X-Forwarded-For`, `-Proto` and `-Host` for the upstream.
    public func appendForwarded(
        peer: IPAddress, isSecure: Bool, authority: Span<UInt8>, _ client: borrowing Fields,
        to upstream: inout Fields
    ) {
        let isTrusted = !ranges.isEmpty && contains(peer)
        if isTrusted, client.contains(.xForwardedFor) {
            var chain = ByteBuffer()
            Self.joinForwardedFor(client, into: &chain)
            peer.write(into: &chain)
            upstream.append(.xForwardedFor, chain.bytes)
        } else {
            upstream.append(.xForwardedFor) { peer.write(into: &$0) }
        }
        if isTrusted, let index = Self.onlySchemeField(client) {
            upstream.append(field: index, of: client)
        } else {
            upstream.append(.xForwardedProto, isSecure ? "https" : "http")
        }
        if isTrusted, let index = client.index(of: .xForwardedHost) {
            upstream.append(field: index, of: client)
        } else if !authority.isEmpty {
            upstream.append(.xForwardedHost, authority)
        }
    }

    /// The incoming chain as one list, each entry followed by a comma: readers that take only one
    /// field would otherwise miss the peer.
    private static func joinForwardedFor(
        _ fields: borrowing Fields, into chain: inout ByteBuffer
    ) {
        var index = 0
        while index < fields.count {
            if fields.id(at: index) == .xForwardedFor {
                chain.append(fields.value(at: index))
                chain.append(", ")
            }
            index += 1
        }
    }

    /// Goes through one field from its end. Returns whether the client is found.
    private func follow(
        _ value: Span<UInt8>, _ current: inout IPAddress, _ hops: inout Int
    ) -> Bool {
        var end = value.count
        while end >= 0 {
            var start = end
            while start > 0, value[start - 1] != UInt8(ascii: ",") { start -= 1 }
            let entry = value.extracting(start..<end).trimmed
            hops += 1
            guard hops <= Self.longestChain, let address = IPAddress(hop: entry) else {
                return true
            }
            current = address
            if !contains(address) { return true }
            end = start - 1
        }
        return false
    }

    private static func lastForwardedFor(_ fields: borrowing Fields, before end: Int) -> Int? {
        var index = end - 1
        while index >= 0 {
            if fields.id(at: index) == .xForwardedFor { return index }
            index -= 1
        }
        return nil
    }

    /// The only `X-Forwarded-Proto` field, when it says `http` or `https`.
    private static func onlySchemeField(_ fields: borrowing Fields) -> Int? {
        guard let index = fields.index(of: .xForwardedProto),
            fields.index(of: .xForwardedProto, from: index + 1) == nil
        else { return nil }
        let isScheme =
            fields.value(at: index).equals("https") || fields.value(at: index).equals("http")
        return isScheme ? index : nil
    }
}

extension IPAddress {
    /// An entry of X-Forwarded-For: an address, with or without a port, IPv6 with or without
    /// brackets.
    init?(hop text: Span<UInt8>) {
        if !text.isEmpty, text[0] == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            guard Self.isPort(text.extracting(close + 1..<text.count)) else { return nil }
            self.init(parsing: text.extracting(1..<close))
            guard !isV4 else { return nil }
            return
        }
        let colon = text.firstIndex(of: UInt8(ascii: ":"))
        if let colon, text.firstIndex(of: UInt8(ascii: ":"), from: colon + 1) == nil {
            guard Self.isPort(text.extracting(colon..<text.count)) else { return nil }
            self.init(parsing: text.extracting(0..<colon))
            return
        }
        self.init(parsing: text)
    }

    /// Nothing, or a colon and a port.
    private static func isPort(_ text: Span<UInt8>) -> Bool {
        if text.isEmpty { return true }
        guard text[0] == UInt8(ascii: ":"), text.count <= 6 else { return false }
        guard let port = text.extracting(1..<text.count).decimal else { return false }
        return port <= 65_535
    }
}
