import Kernel

/// A valid `traceparent` as it came in (W3C Trace Context section 3.2).
public struct TraceParent: Equatable, Sendable {
    public let traceHigh: UInt64
    public let traceLow: UInt64
    public let parentID: UInt64
    public let isSampled: Bool

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>` in lower case. Versions after 00 may say more behind
    /// another dash; version ff and ids of zeros only are invalid.
    public init?(_ text: Span<UInt8>) {
        guard text.count >= 55, text[2] == dash, text[35] == dash, text[52] == dash else {
            return nil
        }
        guard let version = hexNumber(text.extracting(0..<2)), version != 0xff else { return nil }
        guard text.count == 55 || (version > 0 && text[55] == dash) else { return nil }
        guard let high = hexNumber(text.extracting(3..<19)),
            let low = hexNumber(text.extracting(19..<35)),
            let parent = hexNumber(text.extracting(36..<52)),
            let flags = hexNumber(text.extracting(53..<55)),
            high | low != 0, parent != 0
        else { return nil }
        traceHigh = high
        traceLow = low
        parentID = parent
        isSampled = flags & 1 == 1
    }
}

private let dash = UInt8(ascii: "-")

/// The number that at most 16 digits in lower case spell.
private func hexNumber(_ text: Span<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    var index = 0
    while index < text.count {
        let byte = text[index]
        switch byte {
        case 0x30...0x39: number = number << 4 | UInt64(byte - 0x30)
        case 0x61...0x66: number = number << 4 | UInt64(byte - 0x61 + 10)
        default: return nil
        }
        index += 1
    }
    return number
}
