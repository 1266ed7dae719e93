import Errors

/// Where each number of a worker stands in its tally: one block for the worker, then one for each
/// upstream, each route and each set of request labels.
struct MetricLayout: Sendable {
    /// Within the worker's block.
    enum Worker {
        static let turn = 0
        static let sessions = HistogramBounds.cellCount
        static let exchanges = sessions + 1
        static let accepted = sessions + 2
        static let refused = sessions + 3
        static let handshakes = sessions + 4
        static let overflow = handshakes + 6
        static let cachedTokens = overflow + 1
        static let cacheHits = overflow + 2
        static let cacheMisses = overflow + 3
        static let count = overflow + 4
    }

    /// Within an upstream's block.
    enum Upstream {
        static let connecting = 0
        static let idle = 1
        static let busy = 2
        static let active = 3
        static let pending = 4
        static let fit = 5
        static let unfit = 6
        static let retries = 7
        static let fallbacks = 8
        static let failures = 9
        static let count = failures + UpstreamFailure.kinds.count
    }

    /// Within a route's block.
    enum Route {
        static let firstByte = 0
        static let overhead = HistogramBounds.cellCount
        static let requestBody = overhead + HistogramBounds.cellCount
        static let responseBody = requestBody + HistogramBounds.cellCount
        static let inputTokens = responseBody + HistogramBounds.cellCount
        static let outputTokens = inputTokens + HistogramBounds.cellCount
        static let refusals = outputTokens + HistogramBounds.cellCount
        static let reservedTokens = refusals + LimitWindow.allCases.count
        static let settledTokens = reservedTokens + 1
        static let budgetRefusals = reservedTokens + 2
        static let count = reservedTokens + 3
    }

    private static let seriesCells = HistogramBounds.cellCount

    private let upstreamStart = Worker.count
    private let routeStart: Int
    private let seriesStart: Int
    let count: Int

    /// `series`: sets of request labels, the one for those that do not fit included.
    init(upstreams: Int, routes: Int, series: Int) {
        routeStart = upstreamStart + upstreams * Upstream.count
        seriesStart = routeStart + routes * Route.count
        count = seriesStart + series * Self.seriesCells
    }

    func upstream(_ number: Int) -> Int { upstreamStart + number * Upstream.count }
    func route(_ number: Int) -> Int { routeStart + number * Route.count }
    func series(_ number: Int) -> Int { seriesStart + number * Self.seriesCells }
}
