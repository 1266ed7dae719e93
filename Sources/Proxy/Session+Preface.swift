import Kernel

extension Session {
    /// Whether `bytes`, at most four, may be the beginning of HTTP/2's preface.
    static func isPreface(_ bytes: Span<UInt8>) -> Bool {
        let preface: StaticString = "PRI "
        var expected = ByteBuffer()
        expected.append(preface)
        return expected.bytes.starts(with: bytes)
    }
}
