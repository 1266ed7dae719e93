/// Names an object of one worker for as long as it lives: what it is, its slot, and how often the
/// slot was used before. A late event for a slot that was given to another object falls away.
public struct Token: Hashable, Sendable {
    /// What the token names.
    public enum Kind: UInt8, Sendable {
        case listener, mailbox, session, upstreamConnection, exchange
    }

    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(_ kind: Kind, slot: Int, generation: UInt32 = 0) {
        rawValue =
            UInt64(kind.rawValue) << 56 | UInt64(generation & 0xff_ffff) << 32
            | UInt64(UInt32(truncatingIfNeeded: slot))
    }

    public var kind: Kind? { Kind(rawValue: UInt8(truncatingIfNeeded: rawValue >> 56)) }
    public var slot: Int { Int(UInt32(truncatingIfNeeded: rawValue)) }
    var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) & 0xff_ffff }
}
