import Errors
import HTTP
import Kernel
import Policies
import Testing

@Suite("The fields of a limit")
struct RateLimitFieldsTests {
    static let durations: [(Int, String)] = [
        (0, "0s"), (-5, "0s"), (1, "1ms"), (12, "12ms"), (999, "999ms"), (1_000, "1s"),
        (1_200, "1.2s"), (1_020, "1.02s"), (1_002, "1.002s"), (8_640, "8.64s"), (59_999, "59.999s"),
        (60_000, "1m0s"), (90_500, "1m30.5s"), (360_000, "6m0s"), (3_600_000, "1h0m0s"),
        (3_661_001, "1h1m1.001s"), (86_400_000, "24h0m0s"), (2_678_400_000, "744h0m0s"),
    ]

    @Test("word a duration as Go does", arguments: durations)
    func duration(milliseconds: Int, text: String) {
        var buffer = ByteBuffer()
        RateLimitFields.appendDuration(milliseconds: milliseconds, to: &buffer)
        #expect(buffer.text == text)
    }

    @Test("tell limit, rest and reset of the window")
    func reading() {
        var fields = Fields()
        let reading = WindowReading(
            window: .minute, limit: 60, remaining: 59, resetMilliseconds: 1_200)
        RateLimitFields.append(.admitted(reading), to: &fields)
        let written = lines(fields)
        #expect(
            written == [
                "x-ratelimit-limit-requests: 60", "x-ratelimit-remaining-requests: 59",
                "x-ratelimit-reset-requests: 1.2s",
            ])
        var none = Fields()
        RateLimitFields.append(.admitted(nil), to: &none)
        #expect(none.count == 0)
    }

    static let retries: [(GatewayError, [String])] = [
        (
            .rateLimited(.minute, retryAfterMilliseconds: 1_001),
            ["retry-after: 2", "retry-after-ms: 1001", "x-should-retry: true"]
        ),
        (
            .rateLimited(.day, retryAfterMilliseconds: 1),
            ["retry-after: 1", "retry-after-ms: 1", "x-should-retry: false"]
        ),
        (
            .rateLimited(.month, retryAfterMilliseconds: 2_000),
            ["retry-after: 2", "retry-after-ms: 2000", "x-should-retry: false"]
        ),
        (
            .overloaded(retryAfterSeconds: 0),
            ["retry-after: 1", "retry-after-ms: 1000", "x-should-retry: true"]
        ),
        (.internalError, []), (.missingCredential, []),
    ]

    @Test("tell when to come back, rounded up, and whether to", arguments: retries)
    func retry(error: GatewayError, expected: [String]) {
        var fields = Fields()
        RateLimitFields.appendRetry(error, to: &fields)
        let written = lines(fields)
        #expect(written == expected)
    }
}
