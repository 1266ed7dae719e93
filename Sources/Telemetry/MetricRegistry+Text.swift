import Errors
import Kernel

extension MetricRegistry {
    /// What is told of the process beside what the workers count.
    public struct ProcessReading: Sendable {
        public var version: String
        public var started: UnixTime
        public var usage: ProcessUsage
        public var droppedLogLines: Int
        public var scrapes: Int
        public var tokenKeys: [TokenKeysReading]
        public var reloads: ReloadReading
        /// nil: there are no caps.
        public var month: MonthReading?

        public init(
            version: String, started: UnixTime, usage: ProcessUsage, droppedLogLines: Int,
            scrapes: Int, tokenKeys: [TokenKeysReading] = [], reloads: ReloadReading? = nil,
            month: MonthReading? = nil
        ) {
            self.version = version
            self.started = started
            self.usage = usage
            self.droppedLogLines = droppedLogLines
            self.scrapes = scrapes
            self.tokenKeys = tokenKeys
            self.reloads = reloads ?? ReloadReading(lastSuccess: started)
            self.month = month
        }
    }

    /// Every metric in Prometheus's text format. The workers go on while it is written.
    public func text(_ process: ProcessReading) -> ByteBuffer {
        var page = Exposition()
        writeRequests(to: &page)
        writeTokens(to: &page)
        writeUpstreams(to: &page)
        writeTokenKeys(process.tokenKeys, to: &page)
        writeTokenCache(to: &page)
        writeWorkers(process, to: &page)
        writeReloads(process.reloads, to: &page)
        writeMonth(process.month, to: &page)
        writeProcess(process, to: &page)
        return page.take()
    }

    // MARK: Requests

    private func writeRequests(to page: inout Exposition) {
        page.begin(.requestDuration)
        writeSeries(0, Self.overflowLabels, to: &page)
        let count = directory.count
        // Read behind the count: every number that is counted under has its name by then.
        let subjects = subjects
        for number in 0..<count {
            let labels = directory[number]
            let subject = subjects.routes[labels.route]
            writeSeries(
                number + 1,
                [
                    ("site", subject.site), ("http_route", subject.route),
                    ("http_request_method", labels.method),
                    ("http_response_status_code", labels.status), ("error_type", labels.error),
                ], to: &page)
        }
        writeRoutes(.timeToFirstByte, MetricLayout.Route.firstByte, to: &page)
        writeRoutes(.overhead, MetricLayout.Route.overhead, to: &page)
        writeRoutes(.requestBodySize, MetricLayout.Route.requestBody, to: &page)
        writeRoutes(.responseBodySize, MetricLayout.Route.responseBody, to: &page)
        page.begin(.activeRequests)
        page.sample(.activeRequests, total(MetricLayout.Worker.exchanges))
        page.begin(.limitRefusals)
        for (number, subject) in subjects.routes.enumerated() {
            for window in LimitWindow.allCases {
                let place = MetricLayout.Route.refusals + Int(window.rawValue)
                let value = total(layout.route(number) + place)
                guard value > 0 else { continue }
                page.sample(
                    .limitRefusals, Self.labels(subject) + [("window", "\(window.text)")], value)
            }
        }
    }

    private static let overflowLabels: [Exposition.Label] = [
        ("site", "other"), ("http_route", "other"), ("http_request_method", "other"),
        ("http_response_status_code", "other"), ("error_type", "other"),
    ]

    static func labels(_ subject: (site: String, route: String)) -> [Exposition.Label] {
        [("site", subject.site), ("http_route", subject.route)]
    }

    private func writeSeries(
        _ number: Int, _ labels: [Exposition.Label], to page: inout Exposition
    ) {
        writeHistogram(.requestDuration, labels, layout.series(number), to: &page)
    }

    private func writeRoutes(_ metric: Metric, _ place: Int, to page: inout Exposition) {
        page.begin(metric)
        for (number, subject) in subjects.routes.enumerated() {
            writeHistogram(
                metric, Self.labels(subject), layout.route(number) + place, to: &page)
        }
    }

    /// A histogram in which nothing was counted yet is left out: most pairs never occur.
    private func writeHistogram(
        _ metric: Metric, _ labels: [Exposition.Label], _ start: Int, to page: inout Exposition
    ) {
        guard case .histogram(let bounds) = metric.kind else { return }
        let cells = (0..<bounds.limits.count + 2).map { total(start + $0) }
        guard cells.dropLast().contains(where: { $0 > 0 }) else { return }
        page.histogram(metric, labels) { cells[$0] }
    }

    private func writeTokens(to page: inout Exposition) {
        page.begin(.tokenUsage)
        for (number, subject) in subjects.routes.enumerated() {
            let start = layout.route(number)
            for (type, place) in [
                ("input", MetricLayout.Route.inputTokens),
                ("output", MetricLayout.Route.outputTokens),
            ] {
                let labels = Self.labels(subject) + [("gen_ai_token_type", type)]
                writeHistogram(.tokenUsage, labels, start + place, to: &page)
            }
        }
        writeBudgets(to: &page)
    }

    // MARK: Upstreams

    private func writeUpstreams(to page: inout Exposition) {
        let subjects = subjects
        let each = subjects.upstreams.enumerated().map { ($1, layout.upstream($0)) }
        page.begin(.upstreamConnections)
        for (name, start) in each {
            for (state, place) in [
                ("connecting", MetricLayout.Upstream.connecting),
                ("idle", MetricLayout.Upstream.idle), ("active", MetricLayout.Upstream.busy),
            ] {
                let labels: [Exposition.Label] = [("upstream", name), ("state", state)]
                page.sample(.upstreamConnections, labels, total(start + place))
            }
        }
        writeEach(.upstreamActiveRequests, MetricLayout.Upstream.active, to: &page)
        writeEach(.upstreamPendingRequests, MetricLayout.Upstream.pending, to: &page)
        writeEndpoints(each, to: &page)
        page.begin(.upstreamFailures)
        for (name, start) in each {
            for failure in UpstreamFailure.kinds {
                let labels: [Exposition.Label] = [
                    ("upstream", name), ("error_type", "\(failure.logReason)"),
                ]
                let place = MetricLayout.Upstream.failures + failure.number
                page.sample(.upstreamFailures, labels, total(start + place))
            }
        }
        writeEach(.upstreamRetries, MetricLayout.Upstream.retries, to: &page)
        writeEach(.upstreamFallbacks, MetricLayout.Upstream.fallbacks, to: &page)
    }

    private func writeEndpoints(_ each: [(String, Int)], to page: inout Exposition) {
        page.begin(.upstreamEndpoints)
        for (name, start) in each {
            for (worker, tally) in tallies.enumerated() {
                for (state, place) in [
                    ("fit", MetricLayout.Upstream.fit), ("unfit", MetricLayout.Upstream.unfit),
                ] {
                    let labels: [Exposition.Label] = [
                        ("upstream", name), ("worker", String(worker)), ("state", state),
                    ]
                    page.sample(.upstreamEndpoints, labels, tally[start + place])
                }
            }
        }
    }

    private func writeEach(_ metric: Metric, _ place: Int, to page: inout Exposition) {
        page.begin(metric)
        for (number, name) in subjects.upstreams.enumerated() {
            page.sample(metric, [("upstream", name)], total(layout.upstream(number) + place))
        }
    }

    // MARK: Workers and process

    private func writeWorkers(_ process: ProcessReading, to page: inout Exposition) {
        page.begin(.clientConnections)
        page.sample(.clientConnections, total(MetricLayout.Worker.sessions))
        page.begin(.clientConnectionsAccepted)
        page.sample(.clientConnectionsAccepted, total(MetricLayout.Worker.accepted))
        page.begin(.clientConnectionsRefused)
        page.sample(.clientConnectionsRefused, total(MetricLayout.Worker.refused))
        page.begin(.tlsHandshakes)
        for side in MetricRecorder.Side.allCases {
            for result in MetricRecorder.Handshake.allCases {
                let labels: [Exposition.Label] = [("side", "\(side)"), ("result", "\(result)")]
                let results = MetricRecorder.Handshake.allCases.count
                let place = side.rawValue * results + result.rawValue
                page.sample(
                    .tlsHandshakes, labels, total(MetricLayout.Worker.handshakes + place))
            }
        }
        page.begin(.turnDuration)
        for (number, tally) in tallies.enumerated() {
            page.histogram(.turnDuration, [("worker", String(number))]) {
                tally[MetricLayout.Worker.turn + $0]
            }
        }
        page.begin(.droppedLogLines)
        page.sample(.droppedLogLines, UInt64(clamping: process.droppedLogLines))
        page.begin(.overflow)
        page.sample(.overflow, total(MetricLayout.Worker.overflow))
        page.begin(.scrapes)
        page.sample(.scrapes, UInt64(clamping: process.scrapes))
    }

    private func writeProcess(_ process: ProcessReading, to page: inout Exposition) {
        page.begin(.buildInfo)
        page.sample(.buildInfo, [("version", process.version)], 1)
        page.begin(.processorTime)
        page.sample(.processorTime, nanoseconds: process.usage.processorNanoseconds)
        let usage = process.usage
        for (metric, value) in [
            (Metric.residentMemory, usage.residentBytes), (.virtualMemory, usage.virtualBytes),
            (.openDescriptors, usage.openDescriptors), (.descriptorLimit, usage.descriptorLimit),
        ] {
            page.begin(metric)
            if let value { page.sample(metric, UInt64(clamping: value)) }
        }
        page.begin(.startTime)
        page.sample(.startTime, nanoseconds: UInt64(clamping: process.started.nanoseconds))
    }
}
