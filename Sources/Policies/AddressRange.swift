import Kernel

/// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`, or a single address.
public struct AddressRange: Hashable, Sendable {
    private let base: IPAddress
    private let highMask: UInt64
    private let lowMask: UInt64

    /// Reads CIDR notation. Bits of the address behind the prefix length are ignored.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parsing: parts[0].utf8.span) else {
            return nil
        }
        var bits = 128
        if parts.count == 2 {
            guard let length = parts[1].utf8.span.decimal else { return nil }
            guard length <= (address.isV4 ? 32 : 128) else { return nil }
            bits = address.isV4 ? length + 96 : length
        }
        highMask = Self.mask(bits)
        lowMask = Self.mask(bits - 64)
        base = IPAddress(high: address.high & highMask, low: address.low & lowMask)
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.high & highMask == base.high && address.low & lowMask == base.low
    }

    private static func mask(_ bits: Int) -> UInt64 {
        if bits <= 0 { return 0 }
        return bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits))
    }
}
