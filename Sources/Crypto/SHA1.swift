import COpenSSL

/// SHA-1, for the one purpose it is still good for: the handshake of WebSocket, where it proves
/// nothing but that the peer has read the request (RFC 6455 section 1.3).
public enum SHA1 {
    /// The 20 bytes of the digest of `first` followed by `second`.
    ///
    /// *Safety:* the context is made, used and freed here; the pointers into spans end with the
    /// call they are passed to.
    public static func hash(
        _ first: Span<UInt8>, _ second: Span<UInt8>
    ) -> InlineArray<20, UInt8> {
        guard let context = unsafe EVP_MD_CTX_new() else { fatalError("no memory for SHA-1") }
        defer { unsafe EVP_MD_CTX_free(context) }
        var isComplete = unsafe EVP_DigestInit_ex2(context, EVP_sha1(), nil) == 1
        isComplete = unsafe update(context, first) && update(context, second) && isComplete
        var output = InlineArray<20, UInt8>(repeating: 0)
        var span = output.mutableSpan
        isComplete =
            unsafe span.withUnsafeMutableBufferPointer { bytes in
                unsafe EVP_DigestFinal_ex(context, bytes.baseAddress, nil) == 1
            } && isComplete
        guard isComplete else { fatalError("libcrypto offers no SHA-1") }
        return output
    }

    @unsafe
    private static func update(_ context: OpaquePointer, _ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1
        }
    }
}
