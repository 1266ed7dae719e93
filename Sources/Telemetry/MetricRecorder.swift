import HTTP
import Kernel

/// One worker's end of the metrics. What it counts it alone writes, so counting takes neither a
/// lock nor memory; who reads it does not hold it up.
public final class MetricRecorder {
    /// The two kinds of peers TLS is spoken with.
    public enum Side: Int, CaseIterable, Sendable { case client, upstream }

    /// How a TLS handshake ended.
    public enum Handshake: Int, CaseIterable, Sendable { case full, resumed, failed }

    /// What a pool holds, told once a turn.
    public struct PoolReading: Sendable {
        public var connecting = 0
        public var idle = 0
        public var busy = 0
        public var activeRequests = 0
        public var pendingRequests = 0
        public var fitEndpoints = 0
        public var unfitEndpoints = 0
        public init() {}
    }

    private let tally: Tally
    private let layout: MetricLayout
    private var index: LabelIndex
    private let waits = HistogramBounds.waits
    private let work = HistogramBounds.work
    private let bytes = HistogramBounds.bytes
    private let tokens = HistogramBounds.tokens
    /// The own shares of requests that ended in this turn, without the turn itself.
    private var unfinished: [(cell: Int, nanoseconds: UInt64)] = []

    init(_ tally: Tally, _ layout: MetricLayout, _ directory: LabelDirectory) {
        self.tally = tally
        self.layout = layout
        index = LabelIndex(directory)
    }

    /// One request has ended: the one place where requests are counted.
    public func finished(_ request: RequestMeasure) {
        let labels = RequestLabels(
            route: request.route, method: request.method, status: request.status,
            outcome: request.outcome)
        // Series 0 is for all that have no number.
        let number = index.number(of: labels)
        if number == nil { tally.add(1, at: MetricLayout.Worker.overflow) }
        let series = layout.series(number.map { $0 + 1 } ?? 0)
        observe(request.durationNanoseconds, waits, at: series)
        let route = layout.route(request.route)
        observe(request.bytesIn, bytes, at: route + MetricLayout.Route.requestBody)
        observe(request.bytesOut, bytes, at: route + MetricLayout.Route.responseBody)
        if let wait = request.firstByteNanoseconds {
            observe(wait, waits, at: route + MetricLayout.Route.firstByte)
        }
        if let own = request.ownNanoseconds {
            unfinished.append((route + MetricLayout.Route.overhead, own))
        }
        if let count = request.inputTokens {
            observe(count, tokens, at: route + MetricLayout.Route.inputTokens)
        }
        if let count = request.outputTokens {
            observe(count, tokens, at: route + MetricLayout.Route.outputTokens)
        }
        if request.reservedTokens > 0 {
            tally.add(
                UInt64(clamping: request.reservedTokens),
                at: route + MetricLayout.Route.reservedTokens)
        }
        if request.settledTokens > 0 {
            tally.add(
                UInt64(clamping: request.settledTokens),
                at: route + MetricLayout.Route.settledTokens)
        }
        if request.outcome != .well { failed(request, route) }
        if request.isRetry, let upstream = request.upstream {
            tally.add(1, at: layout.upstream(upstream) + MetricLayout.Upstream.retries)
        }
    }

    private func failed(_ request: RequestMeasure, _ route: Int) {
        if let window = request.refusedBy {
            tally.add(1, at: route + MetricLayout.Route.refusals + Int(window.rawValue))
        }
        if request.isOverQuota { tally.add(1, at: route + MetricLayout.Route.budgetRefusals) }
        if let failure = request.failure, let upstream = request.upstream {
            tally.add(1, at: layout.upstream(upstream) + MetricLayout.Upstream.failures + failure)
        }
    }

    /// The upstream did not serve a request, and another is asked.
    public func fellBack(from upstream: Int) {
        tally.add(1, at: layout.upstream(upstream) + MetricLayout.Upstream.fallbacks)
    }

    public func accepted() { tally.add(1, at: MetricLayout.Worker.accepted) }

    /// A connection was closed at once because its address has as many as it may.
    public func refusedConnection() { tally.add(1, at: MetricLayout.Worker.refused) }

    public func handshake(_ side: Side, _ result: Handshake) {
        let place = side.rawValue * Handshake.allCases.count + result.rawValue
        tally.add(1, at: MetricLayout.Worker.handshakes + place)
    }

    /// A pool of this upstream holds so much now, and was said to hold `before`. The upstream's
    /// numbers are the sum of its pools': behind a reload there may be two for a while.
    public func pool(_ upstream: Int, _ reading: PoolReading, before: PoolReading) {
        let start = layout.upstream(upstream)
        change(before.connecting, reading.connecting, start + MetricLayout.Upstream.connecting)
        change(before.idle, reading.idle, start + MetricLayout.Upstream.idle)
        change(before.busy, reading.busy, start + MetricLayout.Upstream.busy)
        change(before.activeRequests, reading.activeRequests, start + MetricLayout.Upstream.active)
        change(
            before.pendingRequests, reading.pendingRequests, start + MetricLayout.Upstream.pending)
        change(before.fitEndpoints, reading.fitEndpoints, start + MetricLayout.Upstream.fit)
        change(before.unfitEndpoints, reading.unfitEndpoints, start + MetricLayout.Upstream.unfit)
    }

    private func change(_ before: Int, _ now: Int, _ cell: Int) {
        guard before != now else { return }
        tally.add(UInt64(truncatingIfNeeded: now &- before), at: cell)
    }

    /// What the worker holds now.
    public func holding(sessions: Int, exchanges: Int) {
        set(sessions, at: MetricLayout.Worker.sessions)
        set(exchanges, at: MetricLayout.Worker.exchanges)
    }

    /// What the worker's token desks remember now, and what they were asked since it began.
    public func tokenCache(entries: Int, hits: Int, misses: Int) {
        set(entries, at: MetricLayout.Worker.cachedTokens)
        set(hits, at: MetricLayout.Worker.cacheHits)
        set(misses, at: MetricLayout.Worker.cacheMisses)
    }

    /// A turn is over that took so long.
    public func turnEnded(nanoseconds: UInt64) {
        observe(nanoseconds, work, at: MetricLayout.Worker.turn)
        guard !unfinished.isEmpty else { return }
        for share in unfinished { observe(share.nanoseconds &+ nanoseconds, work, at: share.cell) }
        unfinished.removeAll(keepingCapacity: true)
    }

    private func set(_ value: Int, at cell: Int) {
        tally.set(UInt64(clamping: value), at: cell)
    }

    private func observe(_ value: Int, _ bounds: HistogramBounds, at start: Int) {
        observe(UInt64(clamping: value), bounds, at: start)
    }

    @inline(__always)
    private func observe(_ value: UInt64, _ bounds: HistogramBounds, at start: Int) {
        tally.add(1, at: start + bounds.bucket(of: value))
        tally.add(value, at: start + bounds.limits.count + 1)
    }
}
