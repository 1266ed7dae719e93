import Kernel

/// How a token may be signed (RFC 7518 section 3, RFC 8037). `none` is not among them.
public enum SignatureAlgorithm: UInt8, CaseIterable, Sendable {
    case rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, edDSA, hs256

    /// Its name in a header or a key, which is compared byte by byte.
    public var name: StaticString {
        switch self {
        case .rs256: "RS256"
        case .rs384: "RS384"
        case .rs512: "RS512"
        case .ps256: "PS256"
        case .ps384: "PS384"
        case .ps512: "PS512"
        case .es256: "ES256"
        case .es384: "ES384"
        case .edDSA: "EdDSA"
        case .hs256: "HS256"
        }
    }

    public init?(name: Span<UInt8>) {
        for candidate in Self.allCases where name.equals(candidate.name) {
            self = candidate
            return
        }
        return nil
    }
}

/// Several algorithms: what a key can do, what an issuer may use.
public struct SignatureAlgorithms: OptionSet, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public init(_ algorithm: SignatureAlgorithm) { rawValue = 1 << UInt16(algorithm.rawValue) }

    public static let rsa: SignatureAlgorithms = [
        Self(.rs256), Self(.rs384), Self(.rs512), Self(.ps256), Self(.ps384), Self(.ps512),
    ]
    /// Those whose verification needs no secret.
    public static let asymmetric: SignatureAlgorithms = [
        .rsa, Self(.es256), Self(.es384), Self(.edDSA),
    ]

    public func contains(_ algorithm: SignatureAlgorithm) -> Bool { contains(Self(algorithm)) }
}
