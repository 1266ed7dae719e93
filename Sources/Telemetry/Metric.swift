/// One metric: its name, its kind, its labels and what it means, said once.
///
/// The names follow Prometheus (base units, `_total` for counters) and, where OpenTelemetry has a
/// convention, its translation: `http.server.request.duration` is
/// `http_server_request_duration_seconds`.
public struct Metric: Sendable {
    /// What is told of it.
    public enum Kind: Sendable {
        /// Only grows while the process lives.
        case counter
        case gauge
        case histogram(HistogramBounds)

        /// As the exposition calls it.
        public var text: StaticString {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    public let name: String
    public let kind: Kind
    public let labels: [String]
    public let help: String

    init(_ name: String, _ kind: Kind, _ labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }

    /// The names under which its numbers appear.
    public var sampleNames: [String] {
        switch kind {
        case .counter, .gauge: [name]
        case .histogram: ["_bucket", "_sum", "_count"].map { name + $0 }
        }
    }
}
