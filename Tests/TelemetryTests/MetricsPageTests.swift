import Errors
import Foundation
import Kernel
import Testing

@testable import Telemetry

/// What is exposed, what `docs/metrics.md` says and what the dashboard asks for are one. With
/// GATEHOUSE_WRITE_DOCS=1 the table is rewritten.
@Suite("The metrics' names")
struct MetricsPageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../..").standardizedFileURL
    private static let start = "<!-- metrics: begin -->\n"
    private static let end = "<!-- metrics: end -->"

    private static func table() -> String {
        var table = "| Metric | Kind | Labels | Meaning |\n|---|---|---|---|\n"
        for metric in Metric.all {
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            table += "| `\(metric.name)` | \(metric.kind.text) "
            table += "| \(labels.isEmpty ? "—" : labels) | \(metric.help) |\n"
        }
        return table
    }

    @Test("stand in docs/metrics.md, each as the code has it")
    func documentation() throws {
        let file = Self.root.appending(path: "docs/metrics.md")
        var text = try String(contentsOf: file, encoding: .utf8)
        let begin = try #require(text.range(of: Self.start))
        let stop = try #require(text.range(of: Self.end))
        let body = begin.upperBound..<stop.lowerBound
        if ProcessInfo.processInfo.environment["GATEHOUSE_WRITE_DOCS"] == "1" {
            text.replaceSubrange(body, with: Self.table())
            try text.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        #expect(String(text[body]) == Self.table(), "run GATEHOUSE_WRITE_DOCS=1 swift test")
    }

    @Test("are all that the dashboard asks for, and it asks for each that an operator watches")
    func dashboard() throws {
        let file = Self.root.appending(path: "conf/grafana/gatehouse.json")
        let board = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let expressions = Self.strings(named: "expr", in: board)
        #expect(expressions.count > 10)
        let exposed = Set(Metric.all.flatMap(\.sampleNames))
        var used: Set<String> = []
        for expression in expressions {
            for name in expression.matches(of: /\b(?:gatehouse|http|gen_ai|process)_\w+\b/) {
                let text = String(name.0)
                if Self.labels.contains(text) { continue }
                #expect(exposed.contains(text), "\(text) in \(expression)")
                used.insert(text)
            }
        }
        let unused = Metric.all.filter { metric in
            !metric.sampleNames.contains(where: used.contains)
        }
        let known = ["gatehouse_metrics_scrapes_total", "process_virtual_memory_bytes"]
        #expect(unused.map(\.name).sorted() == known)
    }

    private static let labels = Set(Metric.all.flatMap(\.labels))

    /// Every string under this key, however deep.
    private static func strings(named key: String, in value: Any) -> [String] {
        if let list = value as? [Any] { return list.flatMap { strings(named: key, in: $0) } }
        guard let object = value as? [String: Any] else { return [] }
        let own = (object[key] as? String).map { [$0] } ?? []
        return own + object.values.flatMap { strings(named: key, in: $0) }
    }

    @Test("follow Prometheus's rules")
    func rules() {
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
        for metric in Metric.all {
            #expect(metric.name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil)
            #expect(metric.help.hasSuffix("."))
            let isCounter = if case .counter = metric.kind { true } else { false }
            #expect(metric.name.hasSuffix("_total") == isCounter, "\(metric.name)")
            for ending in ["_bucket", "_sum", "_count", "_milliseconds", "_ms", "_kilobytes"] {
                #expect(!metric.name.hasSuffix(ending), "\(metric.name)")
            }
            if case .histogram(let bounds) = metric.kind {
                #expect(metric.name.hasSuffix("_seconds") == bounds.isTime)
                #expect(bounds.limits == bounds.limits.sorted())
                #expect(!metric.labels.contains("le"))
            }
            for label in metric.labels {
                #expect(label.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil)
            }
        }
    }

    @Test("stand above their samples, once each, in the order of the table")
    func heads() {
        let registry = MetricRegistry(
            MetricSubjects(upstreams: ["one"]), workers: 1, seriesLimit: 10)
        let page = registry.text(
            .init(
                version: "1", started: UnixTime(seconds: 1), usage: ProcessUsage.now(),
                droppedLogLines: 0, scrapes: 1)
        ).text
        let lines = page.split(separator: "\n")
        let helps = lines.filter { $0.hasPrefix("# HELP ") }
        let types = lines.filter { $0.hasPrefix("# TYPE ") }
        let named = helps.map { String($0.dropFirst(7).prefix { $0 != " " }) }
        #expect(named == Metric.all.map(\.name))
        #expect(
            types.map(String.init) == Metric.all.map { "# TYPE \($0.name) \($0.kind.text)" })
        #expect(page.hasSuffix("\n"))
    }

    @Test("name routes that come later, and those beyond the bound other")
    func laterRoutes() {
        var subjects = MetricSubjects(upstreams: [])
        let first = subjects.add(site: "s", route: "/first")
        subjects.reserve(routes: 1, upstreams: 0)
        let registry = MetricRegistry(subjects, workers: 1, seriesLimit: 10)
        let recorder = registry.makeRecorder(worker: 0)
        let later = subjects.add(site: "s", route: "/later")
        let beyond = ["/a", "/b"].map { subjects.add(site: "s", route: $0) }
        #expect(Set([first, later, beyond[0]]).count == 3 && beyond[0] == beyond[1])
        #expect(subjects.add(site: "s", route: "/first") == first)
        registry.adopt(subjects)
        for route in [first, later] + beyond {
            recorder.finished(RequestMeasure(route: route, method: .get, status: 200))
        }
        let page = registry.text(
            .init(
                version: "1", started: UnixTime(seconds: 1), usage: ProcessUsage.now(),
                droppedLogLines: 0, scrapes: 1)
        ).text
        let name = "http_server_request_duration_seconds_count"
        let counts = [("s", "/first", 1), ("s", "/later", 1), ("other", "other", 2)]
        for (site, route, count) in counts {
            let labels = #"site="\#(site)",http_route="\#(route)",http_request_method="GET""#
            let line = page.split(separator: "\n").first { $0.hasPrefix("\(name){\(labels)") }
            #expect(line?.hasSuffix(" \(count)") == true, "\(route)")
        }
    }

    @Test("name upstreams that come later, and add up what the pools of one hold")
    func laterUpstreams() {
        var subjects = MetricSubjects()
        let first = subjects.add(upstream: "first")
        subjects.reserve(routes: 0, upstreams: 1)
        let registry = MetricRegistry(subjects, workers: 1, seriesLimit: 10)
        let recorder = registry.makeRecorder(worker: 0)
        let later = subjects.add(upstream: "later")
        let beyond = ["a", "b"].map { subjects.add(upstream: $0) }
        #expect(Set([first, later, beyond[0]]).count == 3 && beyond[0] == beyond[1])
        #expect(subjects.add(upstream: "first") == first)
        registry.adopt(subjects)
        typealias Reading = MetricRecorder.PoolReading
        let (none, two, five) = (Reading(), reading(idle: 2), reading(idle: 5))
        for upstream in [first, later] + beyond { recorder.pool(upstream, five, before: none) }
        // Of the first there are two pools for a while; one becomes smaller and ends.
        recorder.pool(first, five, before: none)
        recorder.pool(first, two, before: five)
        #expect(idle(in: registry) == ["first 7", "later 5", "other 10"])
        recorder.pool(first, none, before: two)
        #expect(idle(in: registry) == ["first 5", "later 5", "other 10"])
    }

    private func reading(idle: Int) -> MetricRecorder.PoolReading {
        var reading = MetricRecorder.PoolReading()
        reading.idle = idle
        return reading
    }

    private func idle(in registry: MetricRegistry) -> [String] {
        let page = registry.text(
            .init(
                version: "1", started: UnixTime(seconds: 1), usage: ProcessUsage.now(),
                droppedLogLines: 0, scrapes: 1)
        ).text
        return page.split(separator: "\n").filter { $0.contains(#"state="idle"} "#) }.map {
            let (name, value) = ($0.split(separator: "\"")[1], $0.split(separator: "}")[1])
            return "\(name)\(value)"
        }
    }

    @Test("keep whatever a label holds on one line")
    func escaping() {
        var subjects = MetricSubjects(upstreams: ["a\"b\\c\nd"])
        let route = subjects.add(site: "s", route: "/\"\\\n")
        let registry = MetricRegistry(subjects, workers: 1, seriesLimit: 10)
        registry.makeRecorder(worker: 0).finished(
            RequestMeasure(route: route, method: .other, status: 200))
        let page = registry.text(
            .init(
                version: "1", started: UnixTime(seconds: 1), usage: ProcessUsage.now(),
                droppedLogLines: 0, scrapes: 1)
        ).text
        #expect(page.contains(#"{upstream="a\"b\\c\nd"} 0"#))
        #expect(page.contains(#"http_route="/\"\\\n",http_request_method="_OTHER""#))
    }

    @Test("know every kind of an upstream's failure by its own number")
    func failures() {
        #expect(UpstreamFailure.kinds.map(\.number) == Array(0..<UpstreamFailure.kinds.count))
    }
}
