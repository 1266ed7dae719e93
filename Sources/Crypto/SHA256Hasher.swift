import COpenSSL

/// Computes SHA-256 digests one after the other with one context, so that hashing a key takes no
/// memory from the heap. Each worker has its own.
///
/// *Safety:* the object alone owns the algorithm and the context and frees them once. It is not
/// Sendable, so no two threads use the context. The pointers into spans end with the call they are
/// passed to.
@safe
public final class SHA256Hasher {
    private let algorithm: OpaquePointer
    private let context: OpaquePointer

    /// Fetches the algorithm. Traps when libcrypto has no SHA-256 or no memory: nothing can be
    /// served then.
    public init() {
        guard let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil),
            let context = unsafe EVP_MD_CTX_new()
        else { fatalError("libcrypto offers no SHA-256") }
        unsafe self.algorithm = algorithm
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
        unsafe EVP_MD_free(algorithm)
    }

    /// The digest of `bytes`.
    public func hash(_ bytes: Span<UInt8>) -> Digest {
        hash(bytes, Span())
    }

    /// The digest of `first` followed by `second`, for example of a pepper and a key.
    public func hash(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Digest {
        var output = InlineArray<32, UInt8>(repeating: 0)
        var isComplete = unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1
        isComplete = update(first) && isComplete
        isComplete = update(second) && isComplete
        var span = output.mutableSpan
        isComplete =
            unsafe span.withUnsafeMutableBufferPointer { bytes in
                unsafe EVP_DigestFinal_ex(context, bytes.baseAddress, nil) == 1
            } && isComplete
        guard isComplete, let digest = Digest(bytes: output.span) else {
            fatalError("SHA-256 failed on bytes in memory")
        }
        return digest
    }

    private func update(_ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1
        }
    }
}
