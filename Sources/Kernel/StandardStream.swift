import CKernel

/// The process's standard output and error, written at once: no buffer that a crash or a pipe holds
/// back.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Writes all of `bytes`, waiting while a pipe is full. Returns false when the stream is
    /// broken.
    @discardableResult
    public func write(_ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return true }
            var done = 0
            while done < source.count {
                let count = unsafe CKernel.write(rawValue, first + done, source.count - done)
                if count >= 0 {
                    done += count
                } else if gh_errno() != EINTR {
                    return false
                }
            }
            return true
        }
    }

    /// Writes `text` and a line feed.
    @discardableResult
    public func write(line text: String) -> Bool {
        var line = ByteBuffer()
        line.append(utf8: text)
        line.append(UInt8(ascii: "\n"))
        return write(line.bytes)
    }
}
