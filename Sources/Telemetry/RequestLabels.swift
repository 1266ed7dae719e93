import HTTP

/// The labels of a request as one number: compared, looked up and passed between threads without
/// any text.
struct RequestLabels: Sendable {
    /// Never 0, so that 0 can stand for none.
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(route: Int, method: Method, status: Int, outcome: RequestOutcome) {
        rawValue =
            1 << 63 | UInt64(UInt16(truncatingIfNeeded: route)) << 40
            | UInt64(method.rawValue) << 32
            | UInt64(UInt16(clamping: status)) << 16 | UInt64(outcome.rawValue)
    }

    var route: Int { Int(rawValue >> 40 & 0xffff) }

    /// Methods that are not known are one (OpenTelemetry).
    var method: String {
        guard let method = Method(rawValue: UInt8(truncatingIfNeeded: rawValue >> 32)),
            method != .other
        else { return "_OTHER" }
        return "\(method.text)"
    }

    /// Empty when there was no answer.
    var status: String {
        let status = rawValue >> 16 & 0xffff
        return status == 0 ? "" : String(status)
    }

    /// Empty when all went well.
    var error: String { RequestOutcome(rawValue: UInt16(truncatingIfNeeded: rawValue)).text }
}
