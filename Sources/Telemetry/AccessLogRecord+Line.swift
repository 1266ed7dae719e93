import Errors
import HTTP
import Kernel

extension AccessLogRecord {
    /// Appends the record as one line of JSON. Members without a value are left out.
    ///
    /// - `path`: the target as it was sent; a query is not written.
    /// - `methodText`: spells a method that `Method` does not know.
    /// - `model`: empty when none was read.
    public func write(
        path: Span<UInt8>, methodText: Span<UInt8>, model: Span<UInt8>,
        _ timestamp: inout Timestamp, into output: inout ByteBuffer
    ) {
        output.append("{\"time\":\"")
        timestamp.write(time, into: &output)
        output.append("\",\"request_id\":\"")
        requestID.write(into: &output)
        output.append("\",\"trace_id\":\"")
        trace.writeTraceID(into: &output)
        output.append("\",\"client\":\"")
        client.write(into: &output)
        output.append("\"")
        append(",\"site\":\"", site, to: &output)
        append(",\"route\":\"", route, to: &output)
        append(",\"key_id\":\"", keyID, to: &output)
        output.append(",\"method\":\"")
        if method == .other {
            output.append(jsonEscaped: methodText.extracting(0..<min(methodText.count, 32)))
        } else {
            output.append(method.text)
        }
        output.append("\",\"path\":\"")
        let pathEnd = path.firstIndex(of: UInt8(ascii: "?")) ?? path.count
        output.append(jsonEscaped: path.extracting(0..<min(pathEnd, Self.longestPath)))
        output.append("\",\"status\":")
        output.append(decimal: status)
        appendError(to: &output)
        output.append(",\"bytes_in\":")
        output.append(decimal: bytesIn)
        output.append(",\"bytes_out\":")
        output.append(decimal: bytesOut)
        if let inputTokens {
            output.append(",\"tokens_in\":")
            output.append(decimal: inputTokens)
        }
        if let outputTokens {
            output.append(",\"tokens_out\":")
            output.append(decimal: outputTokens)
        }
        if let estimatedTokens {
            output.append(",\"tokens_estimated\":")
            output.append(decimal: estimatedTokens)
        }
        if !model.isEmpty {
            output.append(",\"model\":\"")
            output.append(jsonEscaped: model.extracting(0..<min(model.count, Self.longestModel)))
            output.append("\"")
        }
        appendTimes(to: &output)
        append(",\"upstream\":\"", upstream, to: &output)
        if attempts > 1 {
            output.append(",\"attempts\":")
            output.append(decimal: attempts)
        }
        append(",\"protocol\":\"", version.text, to: &output)
        append(",\"upstream_protocol\":\"", upstreamVersion?.text, to: &output)
        append(",\"cancelled_by\":\"", cancelledBy?.text, to: &output)
        output.append("}\n")
    }

    private func appendError(to output: inout ByteBuffer) {
        guard let facts = error?.facts else { return }
        append(",\"error\":\"", facts.logCode, to: &output)
        if facts.logReason.utf8CodeUnitCount > 0 {
            output.append(",\"reason\":\"")
            output.append(facts.logReason)
            output.append("\"")
        }
    }

    private func appendTimes(to output: inout ByteBuffer) {
        output.append(",\"duration_ms\":")
        appendMilliseconds(durationNanoseconds, to: &output)
        if let connectNanoseconds {
            output.append(",\"connect_ms\":")
            appendMilliseconds(connectNanoseconds, to: &output)
        }
        if let firstByteNanoseconds {
            output.append(",\"first_byte_ms\":")
            appendMilliseconds(firstByteNanoseconds, to: &output)
        }
    }
}

private func append(_ label: StaticString, _ value: String?, to output: inout ByteBuffer) {
    guard let value else { return }
    output.append(label)
    output.append(jsonEscaped: value)
    output.append("\"")
}

private func append(_ label: StaticString, _ value: StaticString?, to output: inout ByteBuffer) {
    guard let value else { return }
    output.append(label)
    output.append(value)
    output.append("\"")
}

/// Milliseconds with three places: `12.345`.
private func appendMilliseconds(_ nanoseconds: UInt64, to output: inout ByteBuffer) {
    let microseconds = nanoseconds / 1_000
    output.append(decimal: UInt(microseconds / 1_000))
    let rest = UInt8(truncatingIfNeeded: microseconds % 1_000 / 100)
    output.append(".")
    output.append(UInt8(ascii: "0") + rest)
    output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: microseconds / 10 % 10))
    output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: microseconds % 10))
}
