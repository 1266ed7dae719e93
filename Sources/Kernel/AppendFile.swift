import CKernel

/// A file, or a standard stream, that is only ever appended to.
///
/// *Safety:* an opened descriptor is closed exactly once, when it is replaced or in `deinit`; a
/// standard stream's is not ours to close. One thread uses the object at a time.
@safe
public final class AppendFile {
    private var descriptor: Int32
    /// nil: a borrowed descriptor, which cannot be opened again.
    private let path: String?

    /// Opens `path` for appending and makes it when it is not there (mode 0640).
    public init(path: String) throws(SystemFault) {
        self.path = path
        descriptor = try Self.open(path)
    }

    /// Writes to a descriptor that others own, such as standard output.
    public init(borrowing descriptor: Int32) {
        path = nil
        self.descriptor = descriptor
    }

    deinit {
        if path != nil { _ = close(descriptor) }
    }

    /// Opens the path again, after something renamed the file. When that fails the old one stays
    /// open.
    public func reopen() throws(SystemFault) {
        guard let path else { return }
        let fresh = try Self.open(path)
        _ = close(descriptor)
        descriptor = fresh
    }

    public func write(_ bytes: Span<UInt8>) -> WriteOutcome {
        let count = unsafe bytes.withUnsafeBytes { source in
            unsafe CKernel.write(descriptor, source.baseAddress, source.count)
        }
        if count >= 0 { return .wrote(count) }
        let code = gh_errno()
        return code == EAGAIN || code == EINTR ? .wouldBlock : .failed(code)
    }

    /// Waits until a write may go on. An ordinary file always may.
    public func waitUntilWritable(milliseconds: Int32) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, milliseconds)
    }

    private static func open(_ path: String) throws(SystemFault) -> Int32 {
        let descriptor = unsafe gh_open_append(path)
        guard descriptor >= 0 else { throw SystemFault.last("open \(path)") }
        return descriptor
    }
}
