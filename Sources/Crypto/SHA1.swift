import COpenSSL

/// SHA-1, for the one purpose it is still good for: the handshake of WebSocket, where it proves
/// nothing but that the peer has read the request (RFC 6455 section 1.3).
public enum SHA1 {
    /// The 20 bytes of the digest; nil where libcrypto is configured without SHA-1 or has no
    /// memory.
    ///
    /// *Safety:* the pointers into both spans end with the call they are passed to; the output has
    /// the 20 bytes that `EVP_sha1` writes.
    public static func hash(_ bytes: Span<UInt8>) -> InlineArray<20, UInt8>? {
        var output = InlineArray<20, UInt8>(repeating: 0)
        var span = output.mutableSpan
        let isComplete = unsafe span.withUnsafeMutableBufferPointer { digest in
            unsafe bytes.withUnsafeBufferPointer { input in
                unsafe EVP_Digest(
                    input.baseAddress, input.count, digest.baseAddress, nil, EVP_sha1(), nil) == 1
            }
        }
        return isComplete ? output : nil
    }
}
