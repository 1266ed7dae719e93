import JSON
import Kernel
import Telemetry

/// What is counted of an exchange.
extension Exchange {
    func count() {
        guard let metrics = core.metrics else { return }
        let now = core.now.monotonic
        var measure = RequestMeasure(
            route: route?.number ?? site?.number ?? 0, method: request.method, status: status)
        if let error { measure.failed(error) }
        if let cancelledBy { measure.cancelled(by: cancelledBy) }
        measure.durationNanoseconds = now.since(started.monotonic)
        measure.firstByteNanoseconds = firstByteAt?.since(started.monotonic)
        measure.ownNanoseconds = ownShare(at: now)
        measure.bytesIn = bytesIn
        measure.bytesOut = bytesOut
        measure.inputTokens = usage?.usage.input
        measure.outputTokens = usage?.usage.output
        measure.reservedTokens = spending?.held ?? 0
        measure.settledTokens = spending?.used ?? 0
        measure.upstream = pool?.target.number
        measure.isRetry = isRetry
        metrics.finished(measure)
    }

    /// Waiting for a connection, and what came behind the upstream's last byte.
    private func ownShare(at now: Instant) -> UInt64? {
        guard let servedAt, let leasedAt, let answeredAt else { return nil }
        return leasedAt.since(servedAt) + now.since(answeredAt)
    }
}
