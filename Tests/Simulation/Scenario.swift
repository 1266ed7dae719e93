import Chance
import HTTP
import Policies
import Proxy
import Upstream

/// What a seed decides before anything happens: who speaks what, how tight everything is, and which
/// troubles there will be.
struct Scenario {
    let isUpstreamHTTP2: Bool
    let allowsHalfClose: Bool
    /// Clients leave, reset, dawdle and send garbage.
    let hasClientTrouble: Bool
    /// Upstreams break, refuse, reset and cannot be reached.
    let hasUpstreamTrouble: Bool
    /// The clock jumps by seconds, so that timeouts fire.
    let hasTimeJumps: Bool
    let hasTightPool: Bool
    let hasTightBudget: Bool
    /// New snapshots take over.
    let hasReloads: Bool
    /// The wall clock is set.
    let hasClockJumps: Bool
    /// There are upstreams that keep no rule.
    let hasVillains: Bool
    /// There are clients that keep no rule.
    let hasAttackers: Bool
    let steps: Int
    /// The step before which a drain begins; nil: none does.
    let drainStep: Int?
    /// At the end nobody says anything, and timers have to do the rest.
    let endsInSilence: Bool
    let clients: Int
    /// Of the upstream.
    let endpoints: Int
    /// Bytes a line holds in each direction.
    let lineCapacity: Int
    let bodyLimit: Int
    let budget: Int
    let minuteLimit: RequestLimits
    let poolLimits: PoolLimits
    let clientLimits: CodecLimits
    let upstreamLimits: CodecLimits
    /// How many streams an upstream takes at once.
    let upstreamStreams: Int
    let bounds: Bounds
    let keepAliveIdle: Int
    /// Nanoseconds since 1970 at the beginning.
    let startOfTime: Int64

    init(_ random: inout SeededRandom) {
        isUpstreamHTTP2 = random.isLucky(1, in: 2)
        allowsHalfClose = random.isLucky(1, in: 2)
        hasClientTrouble = random.isLucky(1, in: 2)
        hasUpstreamTrouble = random.isLucky(1, in: 2)
        hasTimeJumps = random.isLucky(1, in: 3)
        hasTightPool = random.isLucky(1, in: 3)
        hasTightBudget = random.isLucky(1, in: 6)
        hasReloads = random.isLucky(1, in: 4)
        hasClockJumps = random.isLucky(1, in: 6)
        hasVillains = random.isLucky(1, in: 4)
        hasAttackers = random.isLucky(1, in: 3)
        steps = 40 + random.below(160)
        drainStep = random.isLucky(1, in: 4) ? random.below(steps) : nil
        endsInSilence = random.isLucky(1, in: 4)
        clients = 1 + random.below(4)
        endpoints = 1 + random.below(3)
        lineCapacity = random.pick([512, 4_096, 65_536])
        bodyLimit = random.pick([12_000, 1_000_000])
        budget = hasTightBudget ? 9_000 : 10_000_000
        minuteLimit = RequestLimits(
            perMinute: 1 + random.below(4), perDay: random.isLucky(1, in: 3) ? 5 : nil,
            minuteKind: random.pick([.anchoredMinute, .calendarMinute, .epochAligned]))
        poolLimits =
            hasTightPool
            ? PoolLimits(
                connections: 1 + random.below(3), pending: random.below(4),
                active: 1 + random.below(6))
            : PoolLimits(connections: 1 + random.below(6), pending: 1_000, active: 1_000)
        clientLimits = Self.codecLimits(&random)
        upstreamLimits = Self.codecLimits(&random)
        upstreamStreams = random.isLucky(1, in: 2) ? 100 : 1 + random.below(6)
        var bounds = Bounds()
        bounds.streamBufferBytes = random.pick([2_048, 16_384, 262_144])
        bounds.lingerBytes = 100_000
        self.bounds = bounds
        keepAliveIdle = random.pick([3_000, 20_000, 75_000])
        // Some schedules begin shortly before midnight at the end of a month.
        startOfTime = 1_709_251_200_000_000_000 - Int64(random.below(90_000)) * 1_000_000
    }

    private static func codecLimits(_ random: inout SeededRandom) -> CodecLimits {
        var limits = CodecLimits()
        limits.headBytes = 8_192
        limits.targetBytes = 4_096
        limits.streamWindowBytes = random.pick([2_048, 16_384, 65_535])
        limits.connectionWindowBytes = 65_535
        limits.concurrentStreams = 20
        limits.connectionHeadBytes = 40_000
        limits.discardedBodyBytes = random.pick([0, 4_096, 65_536])
        return limits
    }

    var timeouts: Timeouts {
        var timeouts = Timeouts()
        timeouts.upstream.firstByte = 20_000
        timeouts.upstream.idle = 15_000
        timeouts.requestBodyIdle = 25_000
        timeouts.writeStall = 30_000
        timeouts.keepAliveIdle = keepAliveIdle
        return timeouts
    }

    /// The most bytes of one message that may be held: the window, or what is read before reading
    /// stops.
    func bufferBound(isHTTP2: Bool, _ limits: CodecLimits) -> Int {
        isHTTP2 ? limits.streamWindowBytes : bounds.streamBufferBytes + 65_536
    }

    /// What libnghttp2 may take for one connection: its tables, its streams, its queue.
    var connectionMemory: Int { 100_000 }

    /// Input that waits for its parser and output that waits for the line.
    var channelBound: Int { 2 * clientLimits.headBytes + 4 * 65_536 }
}
