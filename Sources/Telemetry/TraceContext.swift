import HTTP
import Kernel

/// Where a request belongs in a distributed trace (W3C Trace Context, level 1).
public struct TraceContext: Equatable, Sendable {
    public let traceHigh: UInt64
    public let traceLow: UInt64
    /// The gateway's own span: the parent of whatever the upstream does.
    public let spanID: UInt64
    public let isSampled: Bool
    /// Whether the trace came from the client; only then its `tracestate` means anything.
    public let isContinued: Bool

    /// Continues the trace of a valid incoming `traceparent`, else begins one. `random`: fresh
    /// random bits; the trace id takes the first two, the span id the third.
    public init(_ fields: borrowing Fields, random: (UInt64, UInt64, UInt64)) {
        if let index = fields.index(of: .traceparent),
            fields.index(of: .traceparent, from: index + 1) == nil,
            let parent = TraceParent(fields.value(at: index))
        {
            self.init(continuing: parent, spanID: random.2)
        } else {
            self.init(random: random)
        }
    }

    /// Begins a trace.
    public init(random: (UInt64, UInt64, UInt64)) {
        traceHigh = random.0
        traceLow = random.0 | random.1 == 0 ? 1 : random.1
        spanID = random.2 == 0 ? 1 : random.2
        isSampled = true
        isContinued = false
    }

    public init(continuing parent: TraceParent, spanID: UInt64) {
        traceHigh = parent.traceHigh
        traceLow = parent.traceLow
        self.spanID = spanID == 0 ? 1 : spanID
        isSampled = parent.isSampled
        isContinued = true
    }

    /// Appends the 32 digits of the trace id.
    public func writeTraceID(into output: inout ByteBuffer) {
        output.append(hex: traceHigh)
        output.append(hex: traceLow)
    }

    /// Appends the value of `traceparent` for the upstream, in version 00.
    public func writeTraceParent(into output: inout ByteBuffer) {
        output.append("00-")
        writeTraceID(into: &output)
        output.append("-")
        output.append(hex: spanID)
        output.append(isSampled ? "-01" : "-00")
    }
}
