import Errors
import HTTP
import Kernel

/// The fields that tell a client where it stands, worded as OpenAI words them.
public enum RateLimitFields {
    /// `x-ratelimit-{limit,remaining,reset}-requests`.
    public static func append(_ reading: WindowReading, to fields: inout Fields) {
        fields.append(.xRateLimitLimitRequests) { $0.append(decimal: reading.limit) }
        fields.append(.xRateLimitRemainingRequests) { $0.append(decimal: reading.remaining) }
        fields.append(.xRateLimitResetRequests) {
            appendDuration(milliseconds: reading.resetMilliseconds, to: &$0)
        }
    }

    /// `x-ratelimit-{limit,remaining,reset}-tokens`.
    public static func appendTokens(_ reading: WindowReading, to fields: inout Fields) {
        fields.append("x-ratelimit-limit-tokens") { $0.append(decimal: reading.limit) }
        fields.append("x-ratelimit-remaining-tokens") { $0.append(decimal: reading.remaining) }
        fields.append("x-ratelimit-reset-tokens") {
            appendDuration(milliseconds: reading.resetMilliseconds, to: &$0)
        }
    }

    /// What the admission of a request has to say, be it admitted or refused.
    public static func append(_ admission: Admission, to fields: inout Fields) {
        if let reading = admission.reading { append(reading, to: &fields) }
    }

    /// `Retry-After`, `retry-after-ms` and `x-should-retry`, as far as the error has them.
    public static func appendRetry(_ error: GatewayError, to fields: inout Fields) {
        let facts = error.facts
        if let wait = facts.retryAfterMilliseconds {
            let seconds = max(1, wait / 1_000 + (wait % 1_000 > 0 ? 1 : 0))
            fields.append(.retryAfter) { $0.append(decimal: seconds) }
            fields.append(.retryAfterMs) { $0.append(decimal: max(1, wait)) }
        }
        if let shouldRetry = facts.shouldRetry {
            fields.append(.xShouldRetry, shouldRetry ? "true" : "false")
        }
    }

    /// Appends a duration as Go prints it: `0s`, `12ms`, `1.2s`, `6m0s`, `24h0m0s`.
    public static func appendDuration(milliseconds: Int, to output: inout ByteBuffer) {
        let whole = max(0, milliseconds)
        if whole > 0, whole < 1_000 {
            output.append(decimal: whole)
            output.append("ms")
            return
        }
        let seconds = whole / 1_000
        if seconds >= 3_600 {
            output.append(decimal: seconds / 3_600)
            output.append("h")
        }
        if seconds >= 60 {
            output.append(decimal: seconds / 60 % 60)
            output.append("m")
        }
        output.append(decimal: seconds % 60)
        appendFraction(whole % 1_000, to: &output)
        output.append("s")
    }

    /// Thousandths without the zeros at the end.
    private static func appendFraction(_ thousandths: Int, to output: inout ByteBuffer) {
        guard thousandths > 0 else { return }
        output.append(".")
        output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: thousandths / 100))
        guard thousandths % 100 > 0 else { return }
        output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: thousandths / 10 % 10))
        guard thousandths % 10 > 0 else { return }
        output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: thousandths % 10))
    }
}
