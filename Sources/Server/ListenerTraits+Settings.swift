import Configuration
import Proxy
import TLS

extension ListenerTraits {
    /// Those of every listener, in the order of the configuration, with certificates loaded and
    /// checked. `keys`: under which session tickets were sealed so far; nil: new ones.
    static func all(
        _ configuration: Configuration, sharing keys: TicketKeys?
    ) throws(StartFault) -> [ListenerTraits] {
        var all: [ListenerTraits] = []
        var keys = keys
        for settings in configuration.listeners {
            let context = try serverContext(settings, sharing: keys)
            keys = context?.ticketKeys ?? keys
            all.append(
                ListenerTraits(
                    name: settings.name, tls: context,
                    speaksHTTP1: settings.protocols.contains(.http1),
                    speaksHTTP2: settings.protocols.contains(.h2),
                    allowsHalfClose: settings.allowHalfClose))
        }
        return all
    }

    private static func serverContext(
        _ settings: ListenerSettings, sharing keys: TicketKeys?
    ) throws(StartFault) -> TLSServerContext? {
        guard let files = settings.tls else { return nil }
        let first = CertificateFiles(chainFile: files.certificateFile, keyFile: files.keyFile)
        let others = files.otherCertificates.map {
            CertificateFiles(chainFile: $0.certificateFile, keyFile: $0.keyFile)
        }
        var tls = TLSServerSettings(certificates: [first] + others)
        tls.protocols = settings.protocols.map { $0 == .h2 ? .http2 : .http1 }
        if let authorities = files.clientCAFile {
            switch files.clientCertificates {
            case .none: break
            case .request: tls.clientCertificates = .request(authoritiesFile: authorities)
            case .require: tls.clientCertificates = .require(authoritiesFile: authorities)
            }
        }
        do throws(TLSFault) {
            return try TLSServerContext(tls, ticketKeys: keys)
        } catch {
            throw StartFault("listener \(settings.name): \(error)")
        }
    }
}
