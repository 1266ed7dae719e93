import Crypto
import JSON
import Kernel

/// The header of a token (RFC 7515 section 4), as far as it decides anything. Members that say
/// where a key could be found (`jku`, `x5u`, `jwk`, `x5c`) are not among them: whoever made the
/// token chose them.
struct TokenHeader {
    private static let mostMembers = 32
    /// The types of an access token (RFC 7519 section 5.1, RFC 9068 section 2.1), in lower case.
    private static let types: [StaticString] = ["jwt", "at+jwt"]

    let algorithm: SignatureAlgorithm
    /// Only ever looked up.
    let keyID: [UInt8]?

    init(_ text: Span<UInt8>, _ json: JSONReader) throws(TokenFault) {
        let members = try json.tokenPart(text, atMost: Self.mostMembers)
        guard members["crit"] == nil, members["b64"] == nil else { throw .unknownExtension }
        try Self.checkType(members)
        guard let name = members.string("alg"),
            let algorithm = SignatureAlgorithm(name: name.span)
        else { throw .unknownAlgorithm }
        self.algorithm = algorithm
        keyID = members.string("kid")
        if members["kid"] != nil, keyID == nil { throw .malformed }
    }

    /// A token made for another purpose must not pass for an access token (RFC 8725 section 3.11).
    /// Without `typ` nothing is said; in it, the media type may lack its first half, and case does
    /// not count (RFC 7515 section 4.1.9).
    private static func checkType(_ members: borrowing JSONObject) throws(TokenFault) {
        guard members["typ"] != nil else { return }
        guard let written = members.string("typ") else { throw .wrongType }
        var type = written.map(\.asciiLowercased)
        if type.starts(with: "application/".utf8) { type.removeFirst("application/".utf8.count) }
        guard types.contains(where: { type.span.equals($0) }) else { throw .wrongType }
    }
}

extension JSONReader {
    /// The members of the object that is a part of a token.
    @_lifetime(copy text)
    func tokenPart(
        _ text: Span<UInt8>, atMost limit: Int
    ) throws(TokenFault) -> JSONObject {
        do throws(JSONFault) {
            return try object(try open(text), of: text, atMost: limit)
        } catch {
            throw error == .duplicateMember ? .duplicateMember : .malformed
        }
    }
}
