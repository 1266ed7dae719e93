import Kernel

/// Everything a configuration file decides: checked completely, never changed after loading.
///
/// A worker holds it as part of its snapshot; a reload makes a new one. Each property's initial
/// value is the setting's default; name, bounds, unit and reason stand in the `sections` table of
/// the type.
public struct Configuration: Sendable {
    /// Number of workers; nil: one per processor the process may use.
    public var workers: Int?
    public var pinWorkers = false
    /// How long a busy worker polls before it blocks, in microseconds; 0: never.
    public var spinMicroseconds = 50
    public var listeners: [ListenerSettings] = []
    /// Absolute path of the file that holds the pepper; nil: the environment holds it.
    public var keyPepperFile: String?
    /// What is hashed behind every key: the bytes of `keyPepperFile` or of GATEHOUSE_KEY_PEPPER.
    /// Empty only where no site has keys, or where loading was told not to look.
    public var keyPepper = Secret()
    public var accessLog = AccessLogSettings()
    public var metrics = MetricsSettings()
    public var trustedProxies: [AddressRange] = []
    public var timeouts = TimeoutSettings()
    public var limits = LimitSettings()
    public var monthlyRequests = MonthlyRequestSettings()
    /// Absolute path of the file that keeps counters over a restart.
    public var stateFile: String?
    /// Milliseconds between two writes of it.
    public var stateInterval = 10_000
    /// The kill switch of everything.
    public var killed = false
    /// Of the file and of `organizationsFile` together.
    public var organizations: [OrganizationSettings] = []
    /// Absolute path of the file more organizations were read from.
    public var organizationsFile: String?
    public var upstreams: [UpstreamSettings] = []
    public var tokenIssuers: [TokenIssuerSettings] = []
    public var sites: [SiteSettings] = []

    public init() {}
}
