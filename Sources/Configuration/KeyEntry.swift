import Kernel
import YAML

/// One API key as the gateway stores it: its hash, never the key.
public struct KeyEntry: Sendable {
    /// Whether the key may be used; each of the others is refused with its own error.
    public enum Status: String, Sendable, CaseIterable {
        case active, suspended, revoked
    }

    /// Counters belong to this id and outlive reloads.
    public var id = ""
    public var name = ""
    /// The first characters of the key, to recognise it by; begins with the site's `keyPrefix`.
    public var prefix = ""
    /// SHA-256 of key and pepper, 32 bytes.
    public var hash: [UInt8] = []
    public var status = Status.active
    /// The first moment at which the key is not valid any more.
    public var expiresAt: UnixTime?
    /// In force: the entry's own, each one that is not set taken from the site's `defaultLimits`.
    public var limits = KeyLimits()
    /// nil: every model.
    public var allowedModels: [String]?
    public var scopes: [String] = []
    /// The organization it belongs to; nil: to that of `project`, or to none.
    public var organization: String?
    public var project: String?
    public var role: String?

    /// `limits` as written, until the site's defaults are known.
    var writtenLimits: YAMLNode?

    public init() {}
}
