import Kernel

/// Writes metrics in Prometheus's text format, version 0.0.4.
struct Exposition: ~Copyable {
    /// A label and its value; one without a value is left out, which means the same.
    typealias Label = (name: StaticString, value: String)

    private var text = ByteBuffer()

    /// What was written.
    consuming func take() -> ByteBuffer { text }

    /// What stands above the samples of a metric, which follow.
    mutating func begin(_ metric: Metric) {
        text.append("# HELP ")
        text.append(utf8: metric.name)
        text.append(UInt8(ascii: " "))
        append(escaped: metric.help, quotes: false)
        text.append("\n# TYPE ")
        text.append(utf8: metric.name)
        text.append(UInt8(ascii: " "))
        text.append(metric.kind.text)
        text.append(UInt8(ascii: "\n"))
    }

    /// A whole number.
    mutating func sample(_ metric: Metric, _ value: UInt64) { sample(metric, [], value) }

    mutating func sample(_ metric: Metric, _ labels: [Label], _ value: UInt64) {
        open(metric.name, "", labels)
        end(value, isTime: false)
    }

    /// A time, told in seconds.
    mutating func sample(_ metric: Metric, nanoseconds: UInt64) {
        open(metric.name, "", [])
        end(nanoseconds, isTime: true)
    }

    /// A histogram of which each bucket is counted for itself; the sum stands behind the last.
    mutating func histogram(_ metric: Metric, _ labels: [Label], _ cell: (Int) -> UInt64) {
        guard case .histogram(let bounds) = metric.kind else { return }
        var count: UInt64 = 0
        for bucket in 0...bounds.limits.count {
            count &+= cell(bucket)
            let bound =
                bucket < bounds.limits.count
                ? Self.number(bounds.limits[bucket], isTime: bounds.isTime) : "+Inf"
            open(metric.name, "_bucket", labels + [("le", bound)])
            end(count, isTime: false)
        }
        open(metric.name, "_sum", labels)
        end(cell(bounds.limits.count + 1), isTime: bounds.isTime)
        open(metric.name, "_count", labels)
        end(count, isTime: false)
    }

    private mutating func open(_ name: String, _ ending: StaticString, _ labels: [Label]) {
        text.append(utf8: name)
        text.append(ending)
        var mark = UInt8(ascii: "{")
        for label in labels where !label.value.isEmpty {
            text.append(mark)
            text.append(label.name)
            text.append("=\"")
            append(escaped: label.value, quotes: true)
            text.append(UInt8(ascii: "\""))
            mark = UInt8(ascii: ",")
        }
        if mark == UInt8(ascii: ",") { text.append(UInt8(ascii: "}")) }
        text.append(UInt8(ascii: " "))
    }

    private mutating func end(_ value: UInt64, isTime: Bool) {
        text.append(utf8: Self.number(value, isTime: isTime))
        text.append(UInt8(ascii: "\n"))
    }

    private mutating func append(escaped value: String, quotes: Bool) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): text.append("\\\\")
            case UInt8(ascii: "\n"): text.append("\\n")
            case UInt8(ascii: "\"") where quotes: text.append("\\\"")
            default: text.append(byte)
            }
        }
    }

    /// A whole number as it is; nanoseconds as seconds, without zeros at the end.
    private static func number(_ value: UInt64, isTime: Bool) -> String {
        guard isTime else { return String(value) }
        let rest = value % 1_000_000_000
        guard rest > 0 else { return String(value / 1_000_000_000) }
        var digits = String(rest)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(value / 1_000_000_000).\(digits)"
    }
}
