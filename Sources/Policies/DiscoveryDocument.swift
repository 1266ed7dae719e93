import JSON
import Kernel

/// What OpenID Connect's discovery document says (OpenID Connect Discovery 1.0, section 3), as far
/// as keys are concerned.
public struct DiscoveryDocument: Equatable, Sendable {
    private static let mostMembers = 256

    public let issuer: [UInt8]
    /// Where the key set is; not checked to be a URL.
    public let keysURL: String

    /// nil: it is no such document.
    public init?(_ text: Span<UInt8>) {
        let json = JSONReader()
        do throws(JSONFault) {
            let members = try json.object(
                try json.open(text), of: text, atMost: Self.mostMembers)
            guard let issuer = members.string("issuer"), let url = members.string("jwks_uri")
            else { return nil }
            self.issuer = issuer
            keysURL = String(decoding: url, as: UTF8.self)
        } catch {
            return nil
        }
    }
}
