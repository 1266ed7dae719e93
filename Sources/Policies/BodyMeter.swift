import Errors

/// Holds the body of one request to its limit, first by what was declared, then by what arrives.
public struct BodyMeter: Sendable {
    public let limitBytes: Int
    public private(set) var receivedBytes = 0

    public init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Decides at the head, before anything of the body is asked for.
    public func refusal(declaredBytes: Int?) -> GatewayError? {
        guard let declaredBytes, declaredBytes > limitBytes else { return nil }
        return .bodyTooLarge(limitBytes: limitBytes)
    }

    /// Counts a piece of the body; the error comes with the piece that crosses the limit.
    public mutating func receive(_ count: Int) -> GatewayError? {
        let (sum, overflow) = receivedBytes.addingReportingOverflow(count)
        receivedBytes = overflow ? .max : sum
        return receivedBytes > limitBytes ? .bodyTooLarge(limitBytes: limitBytes) : nil
    }
}
