import Configuration
import Policies

/// Who serves which model, and what the upstreams are shown.
extension SnapshotBuilder {
    func models(_ site: SiteSettings) -> ModelRules {
        ModelRules(
            standard: site.defaultModel,
            rules: site.models.map { rule in
                ModelRule(
                    rule.model, targets: rule.targets.map { target($0, of: site) },
                    fallbacks: rule.fallbacks.map { target($0, of: site) },
                    refusals: rule.fallbackOn)
            })
    }

    /// What the site shows its upstream it shows no other.
    private func target(_ settings: ModelTargetSettings, of site: SiteSettings) -> ModelTarget {
        let name = settings.upstream ?? site.upstream
        let secret = settings.credential ?? (name == site.upstream ? site.credential : nil)
        return ModelTarget(
            upstream: index(of: name), name: settings.upstreamName, weight: settings.weight,
            credential: credential(secret, for: index(of: name)))
    }

    /// `secret` as that upstream is shown it.
    func credential(_ secret: Secret?, for upstream: Int) -> OperatorCredential? {
        guard let secret, configuration.upstreams.indices.contains(upstream) else { return nil }
        return OperatorCredential(configuration.upstreams[upstream].credentialField(secret))
    }
}

extension OperatorCredential {
    convenience init(_ field: CredentialField) {
        self.init(name: Array(field.name.utf8), value: field.value.bytes)
    }
}
