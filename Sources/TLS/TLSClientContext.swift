import COpenSSL
import Kernel

/// Everything the client's end of TLS needs and connections share. The server's chain and name are
/// always verified.
///
/// *Safety:* the `SSL_CTX` is only read once `init` has ended (see `ContextHandle`). Its
/// application data points to this object without owning it; it is read in callbacks of connections
/// only, and each connection keeps its context alive. All other properties are immutable or locked.
/// Hence `@unchecked Sendable`.
@safe
public final class TLSClientContext: @unchecked Sendable {
    /// Offered with ALPN, in the order of preference.
    public let protocols: [ApplicationProtocol]

    let handle: ContextHandle
    let sessions = SessionStore()

    /// Loads and checks all files.
    ///
    /// - Parameter now: decides whether the client's own certificate is valid.
    /// - Throws: `TLSFault` of kind `.configuration`, naming the file and the reason.
    public init(_ settings: TLSClientSettings, at now: Moment = .now()) throws(TLSFault) {
        let highest = settings.highestVersion == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION
        handle = unsafe try ContextHandle(TLS_client_method(), highestVersion: highest)
        protocols = settings.protocols
        let context = unsafe handle.pointer
        if let file = settings.authoritiesFile {
            try ContextHandle.requireReadable(file)
            ErrorQueue.clear()
            guard unsafe SSL_CTX_load_verify_file(context, file) == 1 else {
                throw TLSFault(
                    .configuration, "\(file): no authorities in PEM: \(ErrorQueue.takeText())")
            }
        } else if unsafe SSL_CTX_set_default_verify_paths(context) != 1 {
            throw TLSFault(
                .configuration, "the system's authorities: \(ErrorQueue.takeText())")
        }
        if let certificate = settings.certificate { try handle.use(certificate, at: now.wall) }
        let names = settings.protocols.wireFormat
        // This one call answers 0 for success.
        let isRefused =
            !names.isEmpty
            && (unsafe SSL_CTX_set_alpn_protos(context, names, UInt32(names.count))) != 0
        if isRefused { throw TLSFault(.configuration, "ALPN: \(ErrorQueue.takeText())") }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        unsafe X509_VERIFY_PARAM_set_flags(
            SSL_CTX_get0_param(context), UInt(X509_V_FLAG_PARTIAL_CHAIN))
        unsafe gh_ctx_set_app_data(context, Unmanaged.passUnretained(self).toOpaque())
        unsafe gh_ctx_set_cache_client(context)
        unsafe SSL_CTX_sess_set_new_cb(context, sessionReceived)
    }
}

/// Keeps what a server sent for the next connection. Answers 0: the reference stays OpenSSL's.
///
/// *Safety:* the application data was set in `init` and outlives the connection.
private func sessionReceived(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
    guard let data = unsafe gh_ctx_get_app_data(SSL_get_SSL_CTX(ssl)),
        let name = unsafe X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0)
    else { return 0 }
    unsafe Unmanaged<TLSClientContext>.fromOpaque(data)._withUnsafeGuaranteedRef { context in
        unsafe context.sessions.store(session, for: String(cString: name))
    }
    return 0
}
