/// A window as it is kept on disk.
public struct WindowRecord: Equatable, Sendable {
    /// Seconds since 1970.
    public let start: Int64
    /// 0: nothing is to be kept.
    public let count: Int

    public init(start: Int64 = 0, count: Int = 0) {
        self.start = start
        self.count = count
    }
}
