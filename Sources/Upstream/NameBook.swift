import Kernel

/// What is known of the names of endpoints, and when each is to be looked up again. It asks nobody;
/// its owner does.
///
/// The last good answer stays in force while a name does not resolve.
public struct NameBook: Sendable {
    /// A name to be looked up.
    public struct Name: Sendable, Hashable {
        public let host: String
        public let port: UInt16
        let refreshMilliseconds: Int

        public init(host: String, port: UInt16, refreshMilliseconds: Int) {
            self.host = host
            self.port = port
            self.refreshMilliseconds = refreshMilliseconds
        }
    }

    private struct Entry {
        let name: Name
        var addresses: [SocketAddress] = []
        /// nil: never again.
        var dueAt: Instant?
    }

    private var entries: [Entry]
    /// Between two look-ups of a name that has never resolved.
    private static let retryMilliseconds = 1_000

    /// Every name is due at once, but for literal addresses, which are known already.
    public init(_ names: [Name], at now: Instant) {
        entries = names.map { name in
            if let address = IPAddress(name.host) {
                return Entry(name: name, addresses: [SocketAddress(ip: address, port: name.port)])
            }
            return Entry(name: name, dueAt: now)
        }
    }

    /// Where each name leads, in the order of the names; none: it never resolved.
    public var addresses: [[SocketAddress]] { entries.map(\.addresses) }

    /// When the next look-up is due; nil: nothing will ever change.
    public var nextDue: Instant? { entries.compactMap(\.dueAt).min() }

    /// The names to look up now, by their places.
    public func due(at now: Instant) -> [(place: Int, name: Name)] {
        entries.indices.compactMap { place in
            guard let time = entries[place].dueAt, time <= now else { return nil }
            return (place, entries[place].name)
        }
    }

    /// Takes an answer; empty: the name did not resolve. Returns whether it leads elsewhere now.
    public mutating func answered(
        _ place: Int, _ found: [SocketAddress], at now: Instant
    ) -> Bool {
        let before = entries[place].addresses
        if !found.isEmpty { entries[place].addresses = found }
        let isKnown = !entries[place].addresses.isEmpty
        entries[place].dueAt = now.advanced(
            milliseconds: isKnown
                ? entries[place].name.refreshMilliseconds : Self.retryMilliseconds)
        return Set(before) != Set(entries[place].addresses)
    }
}
