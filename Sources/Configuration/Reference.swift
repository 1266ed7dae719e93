/// What can be named once and referred to by its name.
enum Reference: String, Sendable {
    case listener, upstream, site, host, organization, project, slug
    case listenAddress = "address"
    case keyID = "key id"
    case keyHash = "key hash"
    case tokenIssuer = "token issuer"

    var article: String {
        switch self {
        case .upstream, .listenAddress, .organization: "an"
        default: "a"
        }
    }
}
