import Kernel

/// Where log lines end up.
public protocol LogSink: AnyObject {
    func write(_ bytes: Span<UInt8>) -> WriteOutcome
    /// Opens the destination anew, after something renamed the file. Keeps the old one when that
    /// fails.
    func reopen()
    /// Waits a moment until a write may go on.
    func waitUntilWritable()
}

/// A file or a standard stream.
public final class FileSink: LogSink {
    private let file: AppendFile

    public init(_ file: AppendFile) { self.file = file }

    public func write(_ bytes: Span<UInt8>) -> WriteOutcome { file.write(bytes) }

    public func reopen() {
        // The old file is better than none; the next signal tries again.
        try? file.reopen()
    }

    public func waitUntilWritable() { file.waitUntilWritable(milliseconds: 100) }
}
