import HTTP

extension CodecLimits {
    /// Bounds that short inputs reach.
    static var narrow: CodecLimits {
        var limits = CodecLimits()
        limits.headBytes = 160
        limits.fieldCount = 5
        limits.targetBytes = 40
        limits.trailerBytes = 60
        limits.chunkExtensionBytes = 8
        limits.interimResponses = 2
        limits.discardedBodyBytes = 16
        limits.concurrentStreams = 3
        return limits
    }
}
