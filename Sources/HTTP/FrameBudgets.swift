/// What a peer may cost one HTTP/2 connection beyond the requests themselves. A connection that
/// overdraws ends with GOAWAY(ENHANCE_YOUR_CALM); libnghttp2 1.52 bounds only a part of this.
public struct FrameBudgets: Sendable {
    /// Streams broken off: RST_STREAM received (server), and those sent because of the peer's
    /// faults (CVE-2023-44487 rapid reset, CVE-2025-8671 "MadeYouReset").
    public var resetBurst = 100
    /// Broken-off streams granted again each second.
    public var resetsPerSecond = 33
    /// Frames that carry nothing: all but DATA with bytes or an end, and what a request pays for
    /// (CVE-2019-9512, -9515, -9518 and their kin).
    public var uselessFrameBurst = 1_000
    /// Useless frames granted again each second.
    public var uselessFramesPerSecond = 200
    /// Useless frames granted for each request.
    public var uselessFramesPerRequest = 20
    /// Useless frames granted for each DATA frame with bytes, in either direction: two
    /// WINDOW_UPDATE and a PING in answer to each are honest habits.
    public var uselessFramesPerDataFrame = 4
    /// Control frames waiting to be written to a peer that does not read.
    public var queuedFrames = 1_000

    public init() {}
}
