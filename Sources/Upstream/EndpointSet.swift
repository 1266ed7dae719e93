import Kernel

/// The endpoints of one upstream as one worker sees them: which may be used, how much each carries,
/// and which is next.
///
///     fit ──failures in a row──▶ ejected ──time is over──▶ probed ──success──▶ fit
///                                   ▲                         │
///                                   └────────failure──────────┘
///
/// The rules it exists for: of two endpoints drawn by weight the one with less to do is taken; one
/// that keeps failing is left out, but never the last and never more than a share of all; and it
/// comes back when one request, not a crowd of them, has succeeded.
public struct EndpointSet: Sendable {
    private struct Endpoint {
        let weight: Int
        /// Streams in use, and connections that are being opened.
        var load = 0
        /// Since the last success.
        var failures = 0
        /// nil: not ejected. Else when it may be probed, or probed again.
        var probeAt: Instant?
        /// A request was sent to it since it was ejected.
        var isProbed = false
        /// What active checks say; true where there are none.
        var isHealthy = true

        var isFit: Bool { probeAt == nil && isHealthy }
    }

    private var endpoints: [Endpoint]
    private let rules: EjectionRules
    /// Which may be used: the fit ones, or all of them when none is fit, because a request that may
    /// fail is better than one that must.
    private(set) var usable: [Int] = []
    private var usableWeight = 0
    private var ejected = 0
    private var chance: Chance

    /// Names no endpoint where one may be named.
    public static let none = -1
    /// More endpoints than this cannot be told apart by an attempt that goes from one to the next.
    public static let bound = 64

    /// One endpoint for each weight, at most `bound`. `seed` decides what chance decides.
    public init(weights: [Int] = [1], rules: EjectionRules = EjectionRules(), seed: UInt64 = 0) {
        endpoints = weights.prefix(Self.bound).map { Endpoint(weight: max(1, $0)) }
        self.rules = rules
        chance = Chance(seed: seed)
        refresh()
    }

    public var count: Int { endpoints.count }
    /// Whether requests go there; an ejected endpoint is probed, no more.
    public func isUsable(_ index: Int) -> Bool { usable.contains(index) }
    public func isFit(_ index: Int) -> Bool { endpoints[index].isFit }
    public func load(of index: Int) -> Int { endpoints[index].load }

    // MARK: Choosing

    /// The endpoint for one more request. One that was ejected and whose time is over is handed out
    /// too, once: to be probed.
    mutating func choose(at now: Instant, avoiding avoided: Int) -> Int {
        if endpoints.count == 1 { return 0 }
        if ejected > 0, let probe = takeDueProbe(at: now, avoiding: avoided) { return probe }
        return chooseUsable(avoiding: avoided)
    }

    /// As `choose`, but never one that is ejected.
    mutating func chooseUsable(avoiding avoided: Int) -> Int {
        if endpoints.count == 1 { return 0 }
        let isAvoidedUsable = avoided >= 0 && usable.contains(avoided)
        let rest = usable.count - (isAvoidedUsable ? 1 : 0)
        guard rest > 0 else { return avoided }
        let left = usableWeight - (isAvoidedUsable ? endpoints[avoided].weight : 0)
        let first = draw(below: left, without: avoided, Self.none)
        guard rest > 1 else { return first }
        let second = draw(below: left - endpoints[first].weight, without: avoided, first)
        return isLighter(second, than: first) ? second : first
    }

    /// Draws by weight; `total` is the weight of all that may be drawn.
    private mutating func draw(below total: Int, without a: Int, _ b: Int) -> Int {
        var point = chance.below(total)
        var drawn = Self.none
        for index in usable where index != a && index != b {
            drawn = index
            if point < endpoints[index].weight { break }
            point -= endpoints[index].weight
        }
        return drawn
    }

    /// Whether `a` has less to do for its weight than `b`.
    func isLighter(_ a: Int, than b: Int) -> Bool {
        endpoints[a].load * endpoints[b].weight < endpoints[b].load * endpoints[a].weight
    }

    /// The usable endpoint with least to do that `isSuitable`; nil: there is none.
    func lightest(where isSuitable: (Int) -> Bool) -> Int? {
        var found: Int?
        for index in usable where isSuitable(index) {
            guard let best = found else {
                found = index
                continue
            }
            if isLighter(index, than: best) { found = index }
        }
        return found
    }

    private mutating func takeDueProbe(at now: Instant, avoiding avoided: Int) -> Int? {
        for index in endpoints.indices where index != avoided {
            guard let time = endpoints[index].probeAt, time <= now, endpoints[index].isHealthy
            else { continue }
            // Should nobody learn how the probe went, there is another one after the same time.
            endpoints[index].probeAt = now.advanced(milliseconds: rules.milliseconds)
            endpoints[index].isProbed = true
            return index
        }
        return nil
    }

    mutating func took(_ index: Int) { endpoints[index].load += 1 }

    mutating func left(_ index: Int) { endpoints[index].load -= 1 }

    // MARK: Health

    /// A request was answered by something other than a failure of the endpoint's.
    public mutating func succeeded(_ index: Int) {
        guard endpoints[index].failures > 0 || endpoints[index].probeAt != nil else { return }
        if endpoints[index].probeAt != nil {
            // What was sent before the ejection says nothing of the time after it.
            guard endpoints[index].isProbed else { return }
            readmit(index)
        }
        endpoints[index].failures = 0
    }

    /// A request or an attempt to connect failed through the endpoint's fault. True: it is ejected
    /// just now, and what is connected to it should take no new request.
    public mutating func failed(_ index: Int, at now: Instant) -> Bool {
        let retryAt = now.advanced(milliseconds: rules.milliseconds)
        if endpoints[index].probeAt != nil {
            if endpoints[index].isProbed { endpoints[index].probeAt = retryAt }
            endpoints[index].isProbed = false
            return false
        }
        endpoints[index].failures = min(endpoints[index].failures + 1, 1_000_000)
        guard rules.failures > 0, endpoints[index].failures >= rules.failures, mayEject(index)
        else { return false }
        endpoints[index].probeAt = retryAt
        endpoints[index].isProbed = false
        ejected += 1
        refresh()
        return true
    }

    private func mayEject(_ index: Int) -> Bool {
        let isLast = !endpoints.indices.contains { $0 != index && endpoints[$0].isFit }
        return !isLast && (ejected + 1) * 100 <= endpoints.count * rules.percent
    }

    /// A connection to an ejected endpoint stands: the next request may probe it at once.
    mutating func connected(_ index: Int, at now: Instant) {
        if endpoints[index].probeAt != nil, endpoints[index].isProbed {
            endpoints[index].probeAt = now
        }
    }

    /// Its name leads elsewhere now: what was held against it is forgotten.
    public mutating func renew(_ index: Int) {
        endpoints[index].failures = 0
        if endpoints[index].probeAt != nil { readmit(index) }
    }

    /// Remembers what is held against the endpoint `former` of `other`, which is the same place, as
    /// far as the rules of this set go. `isChecked`: there still are active checks.
    public mutating func takeOver(
        _ index: Int, from other: EndpointSet, _ former: Int, isChecked: Bool
    ) {
        endpoints[index].failures = other.endpoints[former].failures
        if isChecked { endpoints[index].isHealthy = other.endpoints[former].isHealthy }
        if let time = other.endpoints[former].probeAt, rules.failures > 0, mayEject(index) {
            endpoints[index].probeAt = time
            ejected += 1
        }
        refresh()
    }

    /// What active checks found. True: it is out since just now.
    public mutating func setHealthy(_ index: Int, _ isHealthy: Bool) -> Bool {
        guard endpoints[index].isHealthy != isHealthy else { return false }
        endpoints[index].isHealthy = isHealthy
        refresh()
        return !isHealthy
    }

    private mutating func readmit(_ index: Int) {
        endpoints[index].probeAt = nil
        endpoints[index].isProbed = false
        ejected -= 1
        refresh()
    }

    private mutating func refresh() {
        usable.removeAll(keepingCapacity: true)
        for index in endpoints.indices where endpoints[index].isFit { usable.append(index) }
        if usable.isEmpty { usable.append(contentsOf: endpoints.indices) }
        usableWeight = usable.reduce(0) { $0 + endpoints[$1].weight }
    }
}
