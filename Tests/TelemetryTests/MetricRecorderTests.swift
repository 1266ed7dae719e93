import Errors
import HTTP
import Kernel
import Synchronization
import Testing

@testable import Telemetry

@Suite("The recorder of a worker's metrics")
struct MetricRecorderTests {
    private static let subjects: MetricSubjects = {
        var subjects = MetricSubjects(upstreams: ["openai", "spare"])
        _ = subjects.add(site: "main", route: "/v1/chat/completions")
        _ = subjects.add(site: "main", route: "")
        return subjects
    }()

    private func makeRegistry(workers: Int = 1, seriesLimit: Int = 100) -> MetricRegistry {
        MetricRegistry(Self.subjects, workers: workers, seriesLimit: seriesLimit)
    }

    private func page(_ registry: MetricRegistry) -> Page {
        Page(
            registry.text(
                .init(
                    version: "1.2.3", started: UnixTime(seconds: 1_700_000_000),
                    usage: ProcessUsage.now(), droppedLogLines: 7, scrapes: 1)
            ).text)
    }

    private func measure(
        route: Int = 1, status: Int = 200, error: GatewayError? = nil,
        cancelledBy: AccessLogRecord.Canceller? = nil
    ) -> RequestMeasure {
        var measure = RequestMeasure(route: route, method: .post, status: status)
        if let error { measure.failed(error) }
        if let cancelledBy { measure.cancelled(by: cancelledBy) }
        return measure
    }

    private let chat = #"site="main",http_route="/v1/chat/completions""#

    @Test("counts a request in every metric it belongs to")
    func request() {
        let registry = makeRegistry()
        let recorder = registry.makeRecorder(worker: 0)
        var one = measure()
        one.durationNanoseconds = 1_500_000_000
        one.firstByteNanoseconds = 250_000_000
        one.ownNanoseconds = 40_000
        one.bytesIn = 100
        one.bytesOut = 5_000
        one.inputTokens = 17
        one.outputTokens = 0
        recorder.finished(one)
        recorder.turnEnded(nanoseconds: 10_000)
        let page = page(registry)
        let labels = chat + #",http_request_method="POST",http_response_status_code="200""#
        let duration = "http_server_request_duration_seconds"
        #expect(page["\(duration)_sum{\(labels)}"] == "1.5")
        #expect(page["\(duration)_bucket{\(labels),le=\"1\"}"] == "0")
        #expect(page["\(duration)_bucket{\(labels),le=\"2.5\"}"] == "1")
        #expect(page["\(duration)_bucket{\(labels),le=\"+Inf\"}"] == "1")
        #expect(page["\(duration)_count{\(labels)}"] == "1")
        let firstByte = "gatehouse_time_to_first_byte_seconds_bucket"
        #expect(page["\(firstByte){\(chat),le=\"0.1\"}"] == "0")
        #expect(page["\(firstByte){\(chat),le=\"0.25\"}"] == "1")
        #expect(page["gatehouse_overhead_seconds_sum{\(chat)}"] == "0.00005")
        #expect(page["http_server_request_body_size_bytes_sum{\(chat)}"] == "100")
        #expect(page["http_server_response_body_size_bytes_sum{\(chat)}"] == "5000")
        let tokens = "gen_ai_client_token_usage"
        #expect(page["\(tokens)_sum{\(chat),gen_ai_token_type=\"input\"}"] == "17")
        #expect(page["\(tokens)_bucket{\(chat),gen_ai_token_type=\"output\",le=\"1\"}"] == "1")
    }

    @Test("counts tokens of budgets by route, and what the workers remember of callers' tokens")
    func budgets() {
        let registry = makeRegistry(workers: 2)
        var one = measure()
        one.reservedTokens = 300
        one.settledTokens = 120
        let quota = QuotaFacts(
            tier: nil, subject: .user, unit: .tokens, window: .day, limit: 1, used: 1,
            resetMilliseconds: 1)
        for worker in 0..<2 {
            let recorder = registry.makeRecorder(worker: worker)
            recorder.finished(one)
            recorder.finished(measure(status: 402, error: .quotaExceeded(quota)))
            recorder.finished(measure(route: 2))
            recorder.tokenCache(entries: 7, hits: 50, misses: 8)
        }
        let page = page(registry)
        let tokens = "gatehouse_budget_tokens_total"
        #expect(page["\(tokens){\(chat),state=\"reserved\"}"] == "600")
        #expect(page["\(tokens){\(chat),state=\"settled\"}"] == "240")
        #expect(page["gatehouse_budget_refusals_total{\(chat)}"] == "2")
        #expect(page["gatehouse_token_cache_entries"] == "14")
        #expect(page["gatehouse_token_cache_lookups_total{result=\"hit\"}"] == "100")
        #expect(page["gatehouse_token_cache_lookups_total{result=\"miss\"}"] == "16")
    }

    @Test("tells errors and cancellations by name, and several errors of one name together")
    func outcomes() {
        let registry = makeRegistry()
        let recorder = registry.makeRecorder(worker: 0)
        for window in LimitWindow.allCases {
            let error = GatewayError.rateLimited(window, retryAfterMilliseconds: 1)
            recorder.finished(measure(status: 429, error: error))
        }
        recorder.finished(measure(route: 0, status: 0, cancelledBy: .client))
        var failed = measure(status: 502, error: .upstreamFailed(.timedOut(.connect)))
        failed.upstream = 1
        failed.isRetry = true
        recorder.finished(failed)
        let page = page(registry)
        let limited =
            chat + #",http_request_method="POST",http_response_status_code="429""#
            + #",error_type="rate_limit_exceeded""#
        #expect(page["http_server_request_duration_seconds_count{\(limited)}"] == "4")
        for window in LimitWindow.allCases {
            let labels = chat + ",window=\"\(window.text)\""
            #expect(page["gatehouse_limit_refusals_total{\(labels)}"] == "1")
        }
        let gone = #"http_request_method="POST",error_type="cancelled_by_client""#
        #expect(page["http_server_request_duration_seconds_count{\(gone)}"] == "1")
        let kind = #"upstream="spare",error_type="connect_timeout""#
        #expect(page["gatehouse_upstream_failures_total{\(kind)}"] == "1")
        #expect(page["gatehouse_upstream_retries_total{upstream=\"spare\"}"] == "1")
        #expect(page["gatehouse_upstream_retries_total{upstream=\"openai\"}"] == "0")
    }

    @Test("counts what does not fit under other, whichever worker saw it first")
    func overflow() {
        let registry = makeRegistry(workers: 2, seriesLimit: 3)
        let recorders = [registry.makeRecorder(worker: 0), registry.makeRecorder(worker: 1)]
        for status in 201...220 {
            for recorder in recorders { recorder.finished(measure(status: status)) }
        }
        let page = page(registry)
        let names = page.samples.keys.filter {
            $0.hasPrefix("http_server_request_duration_seconds_count")
        }
        #expect(names.count == 4)
        for status in 201...203 {
            let labels =
                chat + ",http_request_method=\"POST\",http_response_status_code=\"\(status)\""
            #expect(page["http_server_request_duration_seconds_count{\(labels)}"] == "2")
        }
        let other = Metric.requestDuration.labels.map { "\($0)=\"other\"" }.joined(separator: ",")
        #expect(page["http_server_request_duration_seconds_count{\(other)}"] == "34")
        #expect(page["gatehouse_metrics_overflow_total"] == "34")
    }

    @Test("adds the workers up and keeps their turns apart")
    func workers() {
        let registry = makeRegistry(workers: 2)
        for worker in 0..<2 {
            let recorder = registry.makeRecorder(worker: worker)
            recorder.accepted()
            recorder.handshake(.client, .resumed)
            recorder.holding(sessions: 3, exchanges: worker)
            var reading = MetricRecorder.PoolReading()
            reading.idle = 2
            reading.pendingRequests = worker
            recorder.pool(0, reading, before: MetricRecorder.PoolReading())
            for _ in 0...worker { recorder.turnEnded(nanoseconds: 20_000) }
        }
        let page = page(registry)
        #expect(page["gatehouse_client_connections_accepted_total"] == "2")
        #expect(page["gatehouse_client_connections"] == "6")
        #expect(page["http_server_active_requests"] == "1")
        #expect(
            page[#"gatehouse_tls_handshakes_total{side="client",result="resumed"}"#] == "2")
        #expect(page[#"gatehouse_upstream_connections{upstream="openai",state="idle"}"#] == "4")
        #expect(page[#"gatehouse_upstream_pending_requests{upstream="openai"}"#] == "1")
        for worker in 0..<2 {
            let name = "gatehouse_worker_turn_duration_seconds_count{worker=\"\(worker)\"}"
            #expect(page[name] == String(worker + 1))
        }
        #expect(page["gatehouse_access_log_dropped_lines_total"] == "7")
        #expect(page[#"gatehouse_build_info{version="1.2.3"}"#] == "1")
        #expect(page["process_start_time_seconds"] == "1700000000")
    }

    @Test("is read while it counts: no count goes back and none is lost")
    func racing() throws {
        let registry = makeRegistry(workers: 2, seriesLimit: 40)
        let finished = Finished()
        let perWorker = 20_000
        let writers = try (0..<2).map { worker in
            try Thread.spawn(name: "worker") {
                let recorder = registry.makeRecorder(worker: worker)
                for number in 0..<perWorker {
                    var one = RequestMeasure(
                        route: number % 3, method: .get, status: 200 + (number &+ worker) % 50)
                    one.durationNanoseconds = UInt64(number)
                    recorder.finished(one)
                }
                finished.count.add(1, ordering: .releasing)
            }
        }
        var last = 0
        while true {
            let isOver = finished.count.load(ordering: .acquiring) == 2
            let seen = page(registry).total("http_server_request_duration_seconds_count")
            #expect(seen >= last)
            last = seen
            if isOver { break }
        }
        for writer in writers { writer.join() }
        #expect(last == 2 * perWorker)
    }

    /// How many writers are done.
    private final class Finished: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test("puts a value on a bound into that bound's bucket")
    func bounds() {
        for bounds in [HistogramBounds.waits, .work, .bytes, .tokens] {
            for (index, limit) in bounds.limits.enumerated() {
                #expect(bounds.bucket(of: limit) == index)
                #expect(bounds.bucket(of: limit + 1) == index + 1)
            }
            #expect(bounds.bucket(of: 0) == 0)
            #expect(bounds.limits.count + 2 <= HistogramBounds.cellCount)
            #expect(bounds.bucket(of: .max) == bounds.limits.count)
        }
    }
}

/// The samples of an exposition by name and labels as they are written.
struct Page {
    let text: String
    private(set) var samples: [String: String] = [:]

    init(_ text: String) {
        self.text = text
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = String(line[line.index(after: space)...])
        }
    }

    subscript(name: String) -> String? { samples[name] }

    func total(_ name: String) -> Int {
        samples.filter { $0.key.hasPrefix(name) }.reduce(0) { $0 + (Int($1.value) ?? 0) }
    }
}
