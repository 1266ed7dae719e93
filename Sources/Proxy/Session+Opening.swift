import HTTP
import HTTP2
import Kernel

extension Session {
    /// Whether `bytes`, at most four, may be the beginning of HTTP/2's preface.
    static func isPreface(_ bytes: Span<UInt8>) -> Bool {
        let preface: StaticString = "PRI "
        var expected = ByteBuffer()
        expected.append(preface)
        return expected.bytes.starts(with: bytes)
    }

    /// nil: there is no memory for it.
    func makeCodec(http2: Bool) -> (any Codec)? {
        let limits = core.snapshot.clientCodecLimits
        return http2
            ? HTTP2Codec(
                role: .server, limits: limits, heads: core.heads, isSecure: isSecure,
                memory: core.memory)
            : HTTP1Codec(role: .server, limits: limits, heads: core.heads, isSecure: isSecure)
    }
}
