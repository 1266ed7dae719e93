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
        var addresses: [SocketAddress] = []
        /// nil: never again.
        var dueAt: Instant?
    }

    private var entries: [Name: Entry] = [:]
    /// Between two look-ups of a name that has never resolved.
    private static let retryMilliseconds = 1_000

    public init(_ names: [Name], at now: Instant) { follow(names, at: now) }

    /// Knows these names from now on. New ones are due at once, but for literal addresses, which
    /// are known already; of the others what is known stays.
    public mutating func follow(_ names: [Name], at now: Instant) {
        var next: [Name: Entry] = [:]
        for name in names { next[name] = entries[name] ?? Self.entry(name, at: now) }
        entries = next
    }

    private static func entry(_ name: Name, at now: Instant) -> Entry {
        guard let address = IPAddress(name.host) else { return Entry(dueAt: now) }
        return Entry(addresses: [SocketAddress(ip: address, port: name.port)])
    }

    /// Where the name leads; nowhere: it never resolved.
    public func addresses(of name: Name) -> [SocketAddress] { entries[name]?.addresses ?? [] }

    /// When the next look-up is due; nil: nothing will ever change.
    public var nextDue: Instant? { entries.values.compactMap(\.dueAt).min() }

    /// The names to look up now.
    public func due(at now: Instant) -> [Name] {
        entries.compactMap { name, entry in
            guard let time = entry.dueAt, time <= now else { return nil }
            return name
        }
    }

    /// Takes an answer; empty: the name did not resolve. Returns whether it leads elsewhere now.
    public mutating func answered(
        _ name: Name, _ found: [SocketAddress], at now: Instant
    ) -> Bool {
        guard var entry = entries[name] else { return false }
        let before = entry.addresses
        if !found.isEmpty { entry.addresses = found }
        entry.dueAt = now.advanced(
            milliseconds: entry.addresses.isEmpty
                ? Self.retryMilliseconds : name.refreshMilliseconds)
        entries[name] = entry
        return Set(before) != Set(entry.addresses)
    }
}
