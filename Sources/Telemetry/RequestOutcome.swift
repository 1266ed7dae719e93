import Errors

/// How a request ended, as one number.
struct RequestOutcome: Equatable, Sendable {
    let rawValue: UInt16

    static let well = RequestOutcome(rawValue: 0)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(_ error: GatewayError) {
        rawValue = UInt16(1 + Self.firstOfName[error.facts.number])
    }

    init(cancelledBy who: AccessLogRecord.Canceller) {
        rawValue = Self.cancelled + UInt16(who.rawValue)
    }

    /// The name of an error in the access log, or who broke off; empty when all went well.
    var text: String {
        if self == .well { return "" }
        if rawValue < Self.cancelled { return Self.names[Int(rawValue) - 1] }
        let who = AccessLogRecord.Canceller(
            rawValue: UInt8(truncatingIfNeeded: rawValue - Self.cancelled))
        return who.map { "cancelled_by_\($0.text)" } ?? ""
    }

    /// Above the numbers of all errors.
    private static let cancelled: UInt16 = 0x1000

    private static let names = GatewayError.examples.map { "\($0.facts.logCode)" }
    /// Several errors have one name: for each number the first with the same.
    private static let firstOfName = names.map { name in names.firstIndex(of: name) ?? 0 }
}
