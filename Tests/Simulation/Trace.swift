/// What happened in a schedule, as a number that two equal histories share, and in words on demand.
struct Trace {
    /// What can happen.
    enum Kind: UInt8 {
        case scenario, connect, request, work, turn, accept, refuse, network, reset, end, breakOff
        case goAway, stall, lazy, clock, answer, garbage, drain, settle, resume, resolve, interim
        case head, body, message, broken, log, upstreamHead, upstreamEnd, upstreamBroken, probe
        case calm, leave, silence, mute, attack, strike, villainy, reload, clockSet
    }

    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var events = 0
    /// Kept only for a schedule that is told in words.
    private(set) var lines: [String]?

    init(isTold: Bool) { lines = isTold ? [] : nil }

    mutating func note(_ kind: Kind, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
        events += 1
        mix(UInt64(kind.rawValue))
        mix(UInt64(truncatingIfNeeded: a))
        mix(UInt64(truncatingIfNeeded: b))
        mix(UInt64(truncatingIfNeeded: c))
        lines?.append("\(kind) \(a) \(b) \(c)")
    }

    mutating func mix(_ bytes: [UInt8]) {
        lines?.append(String(decoding: bytes, as: UTF8.self))
        for byte in bytes { mix(UInt64(byte)) }
    }

    private mutating func mix(_ value: UInt64) {
        hash = (hash ^ value) &* 0x100_0000_01b3
        hash ^= hash >> 29
    }
}
