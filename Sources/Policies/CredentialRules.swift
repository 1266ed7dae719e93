import Errors
import HTTP
import Kernel

/// What a site's credentials look like and where they may stand.
public struct CredentialRules: Sendable {
    /// What a site accepts.
    public struct Kinds: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let key = Kinds(rawValue: 1)
        /// A JSON Web Token (RFC 7519).
        public static let token = Kinds(rawValue: 2)
    }

    public var kinds: Kinds
    /// What a key of this site begins with; empty accepts every beginning.
    public var prefix: [UInt8]
    /// Demands 64 hexadecimal digits in lower case behind the prefix (BVE).
    public var strictKeyFormat: Bool
    /// Accepts the key without a scheme (BVE's admin paths).
    public var acceptsBareToken: Bool
    /// Fields other than Authorization that may hold the credential, bare: `x-api-key` for
    /// Anthropic's clients, `api-key` for Azure's.
    public var otherFields: [FieldName]

    /// The longest key that is looked at, in bytes.
    public static let longestKey = 512

    public init(
        prefix: String = "", strictKeyFormat: Bool = false, acceptsBareToken: Bool = false,
        otherFields: [FieldName] = [], kinds: Kinds = .key
    ) {
        self.kinds = kinds
        self.prefix = Array(prefix.utf8)
        self.strictKeyFormat = strictKeyFormat
        self.acceptsBareToken = acceptsBareToken
        self.otherFields = otherFields
    }

    /// Where in a message's fields a key stands.
    public struct Place: Equatable, Sendable {
        public let field: Int
        public let bytes: Range<Int>
    }

    /// What the fields of a request hold.
    public enum Finding: Equatable, Sendable {
        case key(Place)
        case token(Place)
        case missing
        case malformed(CredentialFault)
    }

    /// Looks for the credential without hashing anything: what cannot be one of this site is
    /// refused for the price of a comparison. It may stand in one place only.
    public func extract(from fields: borrowing Fields) -> Finding {
        var place = fields.index(of: .authorization)
        let isAuthorization = place != nil
        if let place, fields.index(of: .authorization, from: place + 1) != nil {
            return .malformed(.severalFields)
        }
        for name in otherFields {
            guard let other = fields.index(of: name) else { continue }
            if place != nil || fields.index(of: name, from: other + 1) != nil {
                return .malformed(.severalFields)
            }
            place = other
        }
        guard let place else { return .missing }
        let value = fields.value(at: place)
        return isAuthorization
            ? authorization(value, in: place) : examine(value, from: 0, in: place)
    }

    /// `credentials = auth-scheme 1*SP token68` (RFC 9110 section 11.4; the scheme in any case).
    private func authorization(_ value: Span<UInt8>, in field: Int) -> Finding {
        let schemeEnd = value.firstIndex(of: UInt8(ascii: " ")) ?? value.count
        guard value.extracting(0..<schemeEnd).equalsIgnoringCase("bearer") else {
            if acceptsBareToken { return examine(value, from: 0, in: field) }
            return .malformed(.wrongScheme)
        }
        var start = schemeEnd
        while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
        return examine(value, from: start, in: field)
    }

    private func examine(_ value: Span<UInt8>, from start: Int, in field: Int) -> Finding {
        let key = value.extracting(start..<value.count)
        if key.isEmpty { return .malformed(.empty) }
        if isToken(key) { return .token(Place(field: field, bytes: start..<value.count)) }
        if key.count > Self.longestKey { return .malformed(.tooLong) }
        guard key.starts(with: prefix.span) else { return .malformed(.wrongPrefix) }
        let place = Place(field: field, bytes: start..<value.count)
        if strictKeyFormat, isHexKey(key.extracting(prefix.count..<key.count)) {
            return .key(place)
        }
        guard isVisible(key) else { return .malformed(.badCharacter) }
        return strictKeyFormat ? .malformed(.wrongFormat) : .key(place)
    }

    /// What is no key is for the verifier to judge. Where both are accepted, a token is told by
    /// what its first part begins with: `{"` in base64url.
    private func isToken(_ credential: Span<UInt8>) -> Bool {
        guard kinds.contains(.token) else { return false }
        return !kinds.contains(.key)
            || credential.count > 3
                && credential.extracting(0..<3).equals("eyJ")
                && (prefix.isEmpty || !credential.starts(with: prefix.span))
    }

    private func isVisible(_ key: Span<UInt8>) -> Bool {
        var index = 0
        while index < key.count {
            guard key[index] > 0x20, key[index] < 0x7f else { return false }
            index += 1
        }
        return true
    }

    private func isHexKey(_ rest: Span<UInt8>) -> Bool {
        guard rest.count == 64 else { return false }
        var index = 0
        while index < rest.count {
            let byte = rest[index]
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            guard isDigit || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")) else {
                return false
            }
            index += 1
        }
        return true
    }
}
