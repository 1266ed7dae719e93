import HTTP
import Kernel
import Policies

/// How long each step may take, in milliseconds. A whole stream has no limit.
public struct Timeouts: Sendable {
    /// The upstream's side.
    public struct Upstream: Sendable {
        public var connect = 5_000
        public var tls = 5_000
        public var firstByte = 600_000
        public var idle = 300_000
        public var poolIdle = 30_000
        public init() {}
    }

    public var handshake = 10_000
    public var requestHead = 10_000
    public var requestBodyIdle = 60_000
    public var keepAliveIdle = 75_000
    public var writeStall = 60_000
    public var linger = 5_000
    /// An open tunnel without a byte in either direction.
    public var tunnelIdle = 1_800_000
    /// The same when one direction is over.
    public var tunnelHalfClosed = 30_000
    public var upstream = Upstream()
    public init() {}
}

/// Bounds on what one worker holds for its peers.
public struct Bounds: Sendable {
    /// For each stream and direction.
    public var streamBufferBytes = 262_144
    /// An upstream's answer that has to be translated before it goes on.
    public var translatedAnswerBytes = 10_485_760
    /// Read and thrown away behind an early answer on HTTP/1.1.
    public var lingerBytes = 1_048_576
    /// Client connections of this worker.
    public var sessions = 10_000
    /// Client connections of one address, all workers together; nil: no bound.
    public var addressConnections: Int?
    /// What a client must send or take at least, on average; nil: nothing.
    public var uploadBytesPerSecond: Int?
    public var downloadBytesPerSecond: Int?
    public init() {}
}

/// The configuration and the directory in force: immutable, shared by the workers, replaced as a
/// whole.
public final class Snapshot: Sendable {
    public let sites: SiteDirectory
    /// Whom credentials and host names speak of.
    public let directory: Directory
    public let upstreams: [UpstreamTarget]
    public let timeouts: Timeouts
    public let limits: Bounds
    public let clientCodecLimits: CodecLimits
    public let upstreamCodecLimits: CodecLimits
    /// Peers whose forwarded fields are believed.
    public let trustedProxies: TrustedProxies
    /// All collected bodies of the process.
    public let bodyBudget: BodyBudget
    public let addressConnections: AddressConnections
    /// Whether there is memory for further requests.
    public let memory: MemoryGuard
    /// nil: no limit but those of the keys.
    public let processLimit: ProcessLimit?
    /// Whose tokens are believed.
    public let tokenIssuers: [TokenIssuer]

    public init(
        sites: SiteDirectory, upstreams: [UpstreamTarget], timeouts: Timeouts, limits: Bounds,
        clientCodecLimits: CodecLimits, upstreamCodecLimits: CodecLimits,
        trustedProxies: TrustedProxies, bodyBudget: BodyBudget,
        addressConnections: AddressConnections = AddressConnections(),
        memory: MemoryGuard = MemoryGuard(),
        processLimit: ProcessLimit? = nil, tokenIssuers: [TokenIssuer] = [],
        directory: Directory = Directory()
    ) {
        self.sites = sites
        self.directory = directory
        self.upstreams = upstreams
        self.timeouts = timeouts
        self.limits = limits
        self.clientCodecLimits = clientCodecLimits
        self.upstreamCodecLimits = upstreamCodecLimits
        self.trustedProxies = trustedProxies
        self.bodyBudget = bodyBudget
        self.addressConnections = addressConnections
        self.memory = memory
        self.processLimit = processLimit
        self.tokenIssuers = tokenIssuers
    }
}
