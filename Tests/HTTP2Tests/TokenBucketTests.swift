import Kernel
import Testing

@testable import HTTP2

@Suite("A token bucket")
struct TokenBucketTests {
    private func at(_ milliseconds: Int) -> Instant {
        Instant(nanoseconds: 5_000_000_000).advanced(milliseconds: milliseconds)
    }

    private func expect(_ bucket: inout TokenBucket, at now: Instant, grants expected: Bool) {
        let isGranted = bucket.take(at: now)
        #expect(isGranted == expected)
    }

    @Test("grants its burst and then no more")
    func burst() {
        var bucket = TokenBucket(burst: 3, perSecond: 10)
        let granted = (0..<5).map { _ in bucket.take(at: at(0)) }
        #expect(granted == [true, true, true, false, false])
    }

    @Test("refills with time, to the billionth of a token, and never above its burst")
    func refill() {
        var bucket = TokenBucket(burst: 2, perSecond: 10)
        _ = bucket.take(at: at(0))
        _ = bucket.take(at: at(0))
        expect(&bucket, at: at(99), grants: false)
        expect(&bucket, at: at(100), grants: true)
        expect(&bucket, at: at(100), grants: false)
        let granted = (0..<3).map { _ in bucket.take(at: at(3_600_000)) }
        #expect(granted == [true, true, false])
    }

    @Test("takes back what is given, up to its burst")
    func give() {
        var bucket = TokenBucket(burst: 2, perSecond: 0)
        _ = bucket.take(at: at(0))
        bucket.give(1_000)
        let granted = (0..<3).map { _ in bucket.take(at: at(0)) }
        #expect(granted == [true, true, false])
        bucket.give(.max)
        expect(&bucket, at: at(0), grants: true)
    }

    @Test("survives clocks that run backwards and gaps of centuries")
    func extremes() {
        var bucket = TokenBucket(burst: 1, perSecond: 1_000_000)
        expect(&bucket, at: Instant(nanoseconds: 1 << 40), grants: true)
        expect(&bucket, at: Instant(nanoseconds: 0), grants: false)
        expect(&bucket, at: Instant(nanoseconds: .max), grants: true)
    }
}
