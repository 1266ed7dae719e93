import CKernel

/// A file that is replaced as a whole: whoever reads it finds the old contents or the new ones,
/// never a part, also when the machine stops in between. It blocks, so it is never used by a
/// worker.
public struct WholeFile: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    /// Writes a file beside it and puts that in its place (mode 0600).
    public func replace(with bytes: Span<UInt8>) throws(SystemFault) {
        let fresh = path + ".new"
        let descriptor = unsafe gh_open_fresh(fresh)
        guard descriptor >= 0 else { throw SystemFault.last("open \(fresh)") }
        do throws(SystemFault) {
            try Self.write(bytes, to: descriptor, fresh)
        } catch {
            _ = close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw SystemFault.last("close \(fresh)") }
        try rename(from: fresh, to: path)
    }

    /// Gives the file another name, so that a new one may take its place. Returns that name.
    public func setAside() throws(SystemFault) -> String {
        let aside = path + ".corrupt"
        try rename(from: path, to: aside)
        return aside
    }

    private func rename(from old: String, to new: String) throws(SystemFault) {
        guard unsafe gh_rename(old, new) == 0 else {
            throw SystemFault.last("rename \(old)")
        }
    }

    private static func write(
        _ bytes: Span<UInt8>, to descriptor: Int32, _ name: String
    ) throws(SystemFault) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written..<bytes.count)
            let count = unsafe rest.withUnsafeBytes { source in
                unsafe CKernel.write(descriptor, source.baseAddress, source.count)
            }
            if count < 0 {
                if gh_errno() == EINTR { continue }
                throw SystemFault.last("write \(name)")
            }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw SystemFault.last("fsync \(name)") }
    }
}
