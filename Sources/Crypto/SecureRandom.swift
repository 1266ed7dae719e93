import COpenSSL

/// Random bytes fit for keys, from libcrypto's generator (seeded by the kernel).
///
/// Every function traps when the generator fails: a key or an id that can be guessed is worse than
/// none.
public enum SecureRandom {
    /// Overwrites every byte of `bytes`.
    ///
    /// *Safety:* the pointer ends with the call.
    public static func fill(_ bytes: inout MutableSpan<UInt8>) {
        let isFilled = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.isEmpty || RAND_bytes(buffer.baseAddress, Int32(buffer.count)) == 1
        }
        guard isFilled else { fatalError("libcrypto's random generator failed") }
    }

    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        fill(&span)
        return bytes
    }
}
