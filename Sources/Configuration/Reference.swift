/// What can be named once and referred to by its name.
enum Reference: String, Sendable {
    case listener, upstream, site, host
    case listenAddress = "address"
    case keyID = "key id"
    case keyHash = "key hash"
    case tokenIssuer = "token issuer"

    var article: String {
        switch self {
        case .upstream, .listenAddress: "an"
        default: "a"
        }
    }
}
