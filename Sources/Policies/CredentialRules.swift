import Errors
import HTTP
import Kernel

/// What a site's keys look like and where they may stand.
public struct CredentialRules: Sendable {
    /// What a key of this site begins with; empty accepts every beginning.
    public var prefix: [UInt8]
    /// Demands 64 hexadecimal digits in lower case behind the prefix (BVE).
    public var strictKeyFormat: Bool
    /// Accepts the key without a scheme (BVE's admin paths).
    public var acceptsBareToken: Bool
    /// Accepts the key in `x-api-key` too, where Anthropic's clients put it.
    public var acceptsAPIKeyField: Bool

    /// The longest key that is looked at, in bytes.
    public static let longestKey = 512

    public init(
        prefix: String = "", strictKeyFormat: Bool = false, acceptsBareToken: Bool = false,
        acceptsAPIKeyField: Bool = false
    ) {
        self.prefix = Array(prefix.utf8)
        self.strictKeyFormat = strictKeyFormat
        self.acceptsBareToken = acceptsBareToken
        self.acceptsAPIKeyField = acceptsAPIKeyField
    }

    /// Where in a message's fields a key stands.
    public struct Place: Equatable, Sendable {
        public let field: Int
        public let bytes: Range<Int>
    }

    /// What the fields of a request hold.
    public enum Finding: Equatable, Sendable {
        case key(Place)
        case missing
        case malformed(CredentialFault)
    }

    /// Looks for the key without hashing anything: what cannot be a key of this site is refused for
    /// the price of a comparison.
    public func extract(from fields: borrowing Fields) -> Finding {
        guard let field = fields.index(of: .authorization) else {
            guard acceptsAPIKeyField, let field = fields.index(of: .xApiKey) else {
                return .missing
            }
            if fields.index(of: .xApiKey, from: field + 1) != nil {
                return .malformed(.severalFields)
            }
            return examine(fields.value(at: field), from: 0, in: field)
        }
        if fields.index(of: .authorization, from: field + 1) != nil {
            return .malformed(.severalFields)
        }
        if acceptsAPIKeyField, fields.contains(.xApiKey) { return .malformed(.severalFields) }
        return authorization(fields.value(at: field), in: field)
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
        if key.count > Self.longestKey { return .malformed(.tooLong) }
        guard key.starts(with: prefix.span) else { return .malformed(.wrongPrefix) }
        let place = Place(field: field, bytes: start..<value.count)
        if strictKeyFormat, isHexKey(key.extracting(prefix.count..<key.count)) {
            return .key(place)
        }
        guard isVisible(key) else { return .malformed(.badCharacter) }
        return strictKeyFormat ? .malformed(.wrongFormat) : .key(place)
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
