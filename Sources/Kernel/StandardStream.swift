import CKernel

/// Standard output and standard error, written without a buffer: for messages, not for data.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Writes all of `text`; a stream that takes no more loses the rest.
    public func write(_ text: String) {
        var rest = ByteBuffer()
        rest.append(utf8: text)
        let file = AppendFile(borrowing: rawValue)
        while !rest.isEmpty {
            switch file.write(rest.bytes) {
            case .wrote(let count): rest.consume(count)
            case .wouldBlock: file.waitUntilWritable(milliseconds: 1_000)
            case .failed: return
            }
        }
    }
}
