import Kernel

/// Where the name of one endpoint leads: its addresses, tried in turn, those that failed lately
/// last. So a family of addresses that does not work here costs one attempt in a while, not one of
/// two.
public struct AddressList: Sendable {
    private var addresses: [SocketAddress] = []
    /// Until when each address stands behind the others.
    private var shunnedUntil: [Instant] = []
    private var turn = 0
    private let shunMilliseconds: Int
    /// Of a longer answer the rest is not used.
    public static let bound = 64

    public init(_ addresses: [SocketAddress], shunMilliseconds: Int = 30_000) {
        self.shunMilliseconds = shunMilliseconds
        replace(addresses)
    }

    /// Remembers what failed while `other` stood for the same endpoint.
    public mutating func takeOver(_ other: AddressList) {
        for (index, address) in addresses.enumerated() {
            guard let former = other.addresses.firstIndex(of: address) else { continue }
            shunnedUntil[index] = other.shunnedUntil[former]
        }
    }

    public var isEmpty: Bool { addresses.isEmpty }

    public func contains(_ address: SocketAddress) -> Bool { addresses.contains(address) }

    /// Takes over what the name leads to now. False: the same as before, whatever the order.
    @discardableResult
    public mutating func replace(_ found: [SocketAddress]) -> Bool {
        let kept = Array(found.prefix(Self.bound))
        if kept.count == addresses.count, kept.allSatisfy(addresses.contains) { return false }
        shunnedUntil = kept.map { address in
            addresses.firstIndex(of: address).map { shunnedUntil[$0] } ?? Instant(nanoseconds: 0)
        }
        addresses = kept
        return true
    }

    /// The next address for an attempt that has `tried` others, one bit each; nil: it tried all.
    public mutating func next(tried: inout UInt64, at now: Instant) -> SocketAddress? {
        guard let index = untried(tried, at: now) ?? untried(tried, at: nil) else { return nil }
        tried |= 1 << UInt64(index)
        turn = index + 1
        return addresses[index]
    }

    private func untried(_ tried: UInt64, at now: Instant?) -> Int? {
        for step in addresses.indices {
            let index = (turn + step) % addresses.count
            let isShunned = now.map { $0 < shunnedUntil[index] } ?? false
            if tried & 1 << UInt64(index) == 0, !isShunned { return index }
        }
        return nil
    }

    public mutating func failed(_ address: SocketAddress, at now: Instant) {
        guard let index = addresses.firstIndex(of: address) else { return }
        shunnedUntil[index] = now.advanced(milliseconds: shunMilliseconds)
    }
}
