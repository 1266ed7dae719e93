/// Bounds on what peers may make the process hold.
public struct LimitSettings: Sendable, Equatable {
    public var requestHeadBytes = 65_536
    public var requestFieldCount = 100
    public var requestTargetBytes = 16_384
    public var trailerBytes = 65_536
    public var concurrentStreams = 100
    /// The request heads of all open streams of an HTTP/2 connection.
    public var connectionHeadBytes = 1_048_576
    public var resetBurst = 100
    public var resetsPerSecond = 33
    public var uselessFrameBurst = 1_000
    public var uselessFramesPerSecond = 200
    public var queuedControlFrames = 1_000
    public var streamWindowBytes = 65_536
    public var connectionWindowBytes = 1_048_576
    /// Per stream and direction.
    public var streamBufferBytes = 262_144
    /// All collected JSON bodies of the process together.
    public var collectedBodiesBytes = 268_435_456
    /// An upstream's answer that is read to its end because it has to be translated.
    public var translatedAnswerBytes = 10_485_760
    /// Client addresses that `addressRequestsPerMinute` counts at once, for each site.
    public var countedAddresses = 65_536
    /// Keys, projects and users that are counted at once.
    public var meters = 1_000_000
    /// 0: half of the process's descriptor limit.
    public var clientConnections = 0
    /// Client connections of one address at once; nil is unlimited.
    public var addressConnections: Int?
    /// The least a client must send of a request's body each second, on average; nil: anything.
    public var uploadBytesPerSecond: Int?
    /// The least a client must take of an answer each second, on average; nil: anything.
    public var downloadBytesPerSecond: Int?
    /// Resident memory above which requests are refused; nil: what the system allows decides.
    public var memoryBytes: Int?
    /// Lingering close of HTTP/1.1: what is still read and thrown away behind an early answer.
    public var lingerBytes = 1_048_576
    /// Milliseconds.
    public var linger = 5_000

    public init() {}
}
