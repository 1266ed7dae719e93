/// What of a meter outlives the process: its days and months. A minute is not worth a file.
public struct MeterRecord: Equatable, Sendable {
    public var requestDay: WindowRecord
    public var requestMonth: WindowRecord
    public var tokenDay: WindowRecord
    public var tokenMonth: WindowRecord

    public init(
        requestDay: WindowRecord = WindowRecord(), requestMonth: WindowRecord = WindowRecord(),
        tokenDay: WindowRecord = WindowRecord(), tokenMonth: WindowRecord = WindowRecord()
    ) {
        self.requestDay = requestDay
        self.requestMonth = requestMonth
        self.tokenDay = tokenDay
        self.tokenMonth = tokenMonth
    }

    var isEmpty: Bool { self == MeterRecord() }
}
