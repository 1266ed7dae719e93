import Configuration
import HTTP
import Policies

/// What the fields of a site's requests and answers are held to.
extension SnapshotBuilder {
    func requestHeaders(_ site: SiteSettings) -> RequestHeaderPolicy {
        var fields = Fields()
        for header in site.requestHeaders.set {
            let (name, value) = (Array(header.name.utf8), header.value.bytes)
            fields.append(name: name.span, value: value.span)
        }
        let replaced = site.requestHeaders.set.map(\.name)
        return RequestHeaderPolicy(
            additionallyDropped: credentialHeaders + replaced + site.requestHeaders.remove,
            set: fields)
    }

    func responseHeaders(_ site: SiteSettings) -> ResponseHeaderPolicy {
        // An upstream may echo what it was sent.
        let secrets = site.requestHeaders.set.filter(\.isSecret).map(\.name)
        let own = (site.latencyHeader.map { [$0] } ?? []) + credentialHeaders + secrets
        return switch site.responseHeaders {
        case .passAll: .allBut(gatewayNames: own)
        case .allowlist(let names): .only(names, gatewayNames: own)
        }
    }

    /// What stands in them neither comes from a client nor goes to one.
    private var credentialHeaders: [String] { configuration.upstreams.map(\.credentialHeader) }
}
