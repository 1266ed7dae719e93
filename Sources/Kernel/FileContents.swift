import CKernel

/// Reads whole files: configuration, keys, peppers. It blocks, so it is never used by a worker.
public enum FileContents {
    /// Why a file could not be read.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        /// The errno of the system call that failed.
        case system(Int32)
        case tooLarge(limit: Int)

        /// There is no such file.
        public var isAbsence: Bool { self == .system(ENOENT) }

        public var description: String {
            switch self {
            case .system(ENOENT): "no such file"
            case .system(EACCES): "permission denied"
            case .system(EISDIR): "is a directory"
            case .system(let number): "error \(number)"
            case .tooLarge(let limit): "larger than \(limit) bytes"
            }
        }
    }

    /// The bytes of the file at `path`, at most `limit`.
    public static func read(_ path: String, limit: Int) throws(Failure) -> ByteBuffer {
        let descriptor = try opened(path)
        defer { close(descriptor) }
        var contents = ByteBuffer()
        while true {
            let count = unsafe contents.withUnsafeSpareCapacity(minimum: 4_096) { spare in
                unsafe CKernel.read(descriptor, spare.baseAddress, spare.count)
            }
            if count == 0 { return contents }
            if count < 0 {
                let number = gh_errno()
                if number == EINTR { continue }
                throw .system(number)
            }
            if contents.count > limit { throw .tooLarge(limit: limit) }
        }
    }

    /// nil when the file at `path` is there and may be read.
    public static func obstacle(_ path: String) -> Failure? {
        do throws(Failure) {
            let descriptor = try opened(path)
            defer { close(descriptor) }
            var facts = stat()
            guard unsafe fstat(descriptor, &facts) == 0 else { return .system(gh_errno()) }
            return facts.st_mode & UInt32(S_IFMT) == UInt32(S_IFDIR) ? .system(EISDIR) : nil
        } catch {
            return error
        }
    }

    /// The absolute path relative ones start from; nil when it has been removed.
    public static var workingDirectory: String? {
        guard let path = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    private static func opened(_ path: String) throws(Failure) -> Int32 {
        while true {
            let descriptor = unsafe gh_open_readonly(path)
            if descriptor >= 0 { return descriptor }
            let number = gh_errno()
            if number != EINTR { throw .system(number) }
        }
    }
}
