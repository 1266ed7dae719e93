/// A block of addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3).
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    private let first: IPAddress
    /// Leading bits that decide, of the 128 (IPv4: 96 more than written).
    private let bits: Int

    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address. Bits behind the prefix must be
    /// zero: `10.1.0.0/8` is more likely a slip than a wish.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return nil }
        let width = address.isV4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count),
                parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                let written = Int(parts[1]), written <= width
            else { return nil }
            length = written
        }
        bits = 128 - width + length
        first = address
        guard Self.masked(address, bits) == address else { return nil }
    }

    public func contains(_ address: IPAddress) -> Bool {
        Self.masked(address, bits) == first
    }

    private static func masked(_ address: IPAddress, _ bits: Int) -> IPAddress {
        IPAddress(
            high: address.high & mask(min(bits, 64)), low: address.low & mask(max(bits - 64, 0)))
    }

    private static func mask(_ bits: Int) -> UInt64 {
        bits == 0 ? 0 : UInt64.max << UInt64(64 - bits)
    }

    public var description: String {
        "\(first)/\(first.isV4 ? bits - 96 : bits)"
    }
}
