import Crypto
import JSON
import Kernel

/// Reads sets of keys (RFC 7517 section 5), off the workers.
///
/// Keys of other types and uses are passed over, as RFC 7517 demands, and so are broken ones: one
/// key that somebody got wrong must not take the others with it. A set in which the meaning of a
/// `kid` is open is refused as a whole.
public struct KeySetReader: Sendable {
    public static let mostKeys = 1_024
    static let longestID = 256
    private static let mostMembers = 64

    /// Secrets may stand in a file of the operator's, but not in what anybody can fetch.
    public var acceptsSecrets: Bool
    /// The member of a key that names the tenant whose own it is; empty: there is none.
    public var tenantMember: [UInt8]

    public init(acceptsSecrets: Bool = false, tenantMember: String = "tid") {
        self.acceptsSecrets = acceptsSecrets
        self.tenantMember = Array(tenantMember.utf8)
    }

    /// The set that `text` spells.
    public func read(
        _ text: Span<UInt8>, version: UInt64
    ) throws(KeySetFault) -> KeySet {
        let json = JSONReader()
        var keys: [SigningKey] = []
        var count = 0
        do throws(JSONFault) {
            let document = try json.object(
                try json.open(text), of: text, atMost: Self.mostMembers)
            guard let list = document["keys"], list.value.kind == .array else {
                throw JSONFault.invalid
            }
            var next = json.first(in: list, of: text)
            while let item = next, count <= Self.mostKeys {
                let members = try json.object(item, of: text, atMost: Self.mostMembers)
                let operations = members["key_ops"].map { json.strings(in: $0, of: text) }
                if Self.areForSignatures(members, operations), let key = key(members) {
                    keys.append(key)
                }
                count += 1
                next = json.next(after: item, of: text)
            }
        } catch {
            throw error == .duplicateMember ? .duplicateMember : .malformed
        }
        guard count <= Self.mostKeys else { throw .tooManyKeys }
        do throws(KeySet.Ambiguity) {
            return try KeySet(keys, version: version, ignoredCount: count - keys.count)
        } catch {
            throw .ambiguous
        }
    }

    /// `use` and `key_ops`, where they stand (RFC 7517 sections 4.2 and 4.3).
    private static func areForSignatures(
        _ members: borrowing JSONObject, _ operations: [[UInt8]]??
    ) -> Bool {
        if members["use"] != nil, members.string("use") != Array("sig".utf8) { return false }
        guard let operations else { return true }
        return operations?.contains(Array("verify".utf8)) ?? false
    }

    /// nil: it verifies no token.
    private func key(_ members: borrowing JSONObject) -> SigningKey? {
        guard let key = verificationKey(members) else { return nil }
        let id = members.string("kid")
        if members["kid"] != nil, !(1...Self.longestID).contains(id?.count ?? 0) { return nil }
        var algorithms = key.algorithms
        if members["alg"] != nil {
            guard let name = members.string("alg"),
                let algorithm = SignatureAlgorithm(name: name.span)
            else { return nil }
            algorithms.formIntersection(SignatureAlgorithms(algorithm))
        }
        guard !algorithms.isEmpty else { return nil }
        let tenant = members.string(tenantMember)
        // Whose key it is cannot be left open: it would be taken for the issuer's.
        if members[tenantMember] != nil, tenant?.isEmpty ?? true { return nil }
        return SigningKey(id: id, key: key, algorithms: algorithms, tenant: tenant)
    }

    private func verificationKey(_ members: borrowing JSONObject) -> VerificationKey? {
        do throws(KeyFault) {
            switch members.string("kty").map({ String(decoding: $0, as: UTF8.self) }) {
            case "RSA":
                return try VerificationKey.rsa(
                    modulus: Self.bytes("n", of: members).span,
                    exponent: Self.bytes("e", of: members).span)
            case "EC": return try Self.point(members)
            case "OKP":
                guard members.string("crv") == Array("Ed25519".utf8) else { return nil }
                return try VerificationKey.ed25519(Self.bytes("x", of: members).span)
            case "oct":
                guard acceptsSecrets else { return nil }
                return try VerificationKey(secret: Self.bytes("k", of: members).span)
            default: return nil
            }
        } catch {
            return nil
        }
    }

    private static func point(
        _ members: borrowing JSONObject
    ) throws(KeyFault) -> VerificationKey? {
        let curve: VerificationKey.Curve
        switch members.string("crv").map({ String(decoding: $0, as: UTF8.self) }) {
        case "P-256": curve = .p256
        case "P-384": curve = .p384
        default: return nil
        }
        return try VerificationKey.point(
            curve, x: bytes("x", of: members).span, y: bytes("y", of: members).span)
    }

    /// A member in base64url; empty, of which nothing can be made, where it is none.
    private static func bytes(_ name: StaticString, of members: borrowing JSONObject) -> [UInt8] {
        var bytes = ByteBuffer()
        guard let text = members.string(name), bytes.append(decodingBase64URL: text.span) else {
            return []
        }
        return bytes.bytes.array
    }
}
