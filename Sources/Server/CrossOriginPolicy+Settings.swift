import Configuration
import Policies

extension CrossOriginPolicy {
    init(_ settings: CrossOriginSettings) {
        let fields: RequestFields =
            switch settings.allowedHeaders {
            case .reflected: .reflected
            case .listed(let names): .listed(Array(names.joined(separator: ", ").utf8))
            }
        self.init(
            origins: settings.origins == ["*"]
                ? .any : .listed(settings.origins.map { Array($0.utf8) }),
            allowsCredentials: settings.credentials, requestFields: fields,
            exposedFields: settings.exposedHeaders, maxAgeSeconds: settings.maxAgeSeconds)
    }
}
