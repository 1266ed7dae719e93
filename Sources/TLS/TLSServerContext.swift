import COpenSSL
import Kernel

/// Everything the server's end of TLS needs and connections share: certificates, protocols, ticket
/// keys. Immutable: new certificates are a new context, adopted for new connections.
///
/// Each full handshake hands out one session ticket (OpenSSL's default is two): API clients keep
/// one connection rather than open many at once, and every ticket costs time and bytes. There is no
/// session cache on the server, so resumption takes no memory.
///
/// *Safety:* `SSL_CTX`s are only read once `init` has ended (see `ContextHandle`). Their
/// application data points to this object without owning it; it is read in callbacks of connections
/// only, and each connection keeps its context alive. All other properties are immutable values.
/// Hence `@unchecked Sendable`, which the stored pointers would else prevent.
@safe
public final class TLSServerContext: @unchecked Sendable {
    /// Shared with the context this one replaces, so that clients can resume.
    public let ticketKeys: TicketKeys
    /// In the order of preference.
    public let protocols: [ApplicationProtocol]
    /// When the first of all certificates expires: time to say so in logs and metrics before.
    public let certificateExpiry: UnixTime

    let handles: [ContextHandle]
    private let exactNames: [String: Int]
    /// Keyed by what stands behind `*.`.
    private let wildcardNames: [String: Int]

    /// Loads and checks all files.
    ///
    /// - Parameters:
    ///   - ticketKeys: those of the context that this one replaces; nil: new ones.
    ///   - now: decides whether certificates are valid, and dates the first ticket key.
    /// - Throws: `TLSFault` of kind `.configuration`, naming the file and the reason.
    public init(
        _ settings: TLSServerSettings, ticketKeys: TicketKeys? = nil, at now: Moment = .now()
    ) throws(TLSFault) {
        guard !settings.certificates.isEmpty else {
            throw TLSFault(.configuration, "a TLS listener needs a certificate")
        }
        guard !settings.protocols.isEmpty else {
            throw TLSFault(.configuration, "a TLS listener needs an application protocol")
        }
        var handles: [ContextHandle] = []
        var exact: [String: Int] = [:]
        var wildcard: [String: Int] = [:]
        for (index, files) in settings.certificates.enumerated() {
            let handle = unsafe try ContextHandle(TLS_server_method())
            try handle.use(files, at: now.wall)
            try handle.ask(for: settings.clientCertificates)
            let names = handle.dnsNames
            for name in names {
                if name.hasPrefix("*.") {
                    let suffix = String(name.dropFirst(2))
                    wildcard[suffix] = wildcard[suffix] ?? index
                } else {
                    exact[name] = exact[name] ?? index
                }
            }
            let isSelected = exact.values.contains(index) || wildcard.values.contains(index)
            guard index == 0 || isSelected else {
                let reason =
                    names.isEmpty ? "it has no DNS name" : "those before it have all its names"
                throw TLSFault(
                    .configuration, "\(files.chainFile): no server name selects it, as \(reason)")
            }
            handles.append(handle)
        }
        self.handles = handles
        certificateExpiry = handles.map(\.expiry).min() ?? now.wall
        exactNames = exact
        wildcardNames = wildcard
        protocols = settings.protocols
        self.ticketKeys = ticketKeys ?? TicketKeys(at: now.monotonic)
        for handle in handles { install(on: handle) }
    }

    /// Makes a new ticket key if the newest is 12 hours old. Whoever owns the clock calls it now
    /// and then.
    public func rotateTicketKeys(at now: Instant) {
        ticketKeys.rotate(at: now)
    }

    private func install(on handle: ContextHandle) {
        let context = unsafe handle.pointer
        unsafe gh_ctx_set_app_data(context, Unmanaged.passUnretained(self).toOpaque())
        unsafe gh_ctx_set_cache_off(context)
        unsafe SSL_CTX_set_num_tickets(context, 1)
        unsafe SSL_CTX_set_timeout(context, TicketKeys.ticketLifetimeSeconds)
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticketKeyNeeded)
        unsafe SSL_CTX_set_alpn_select_cb(context, protocolsOffered, nil)
        if !protocols.contains(.http1) {
            unsafe SSL_CTX_set_client_hello_cb(context, helloReceived, nil)
        }
        if handles.count > 1 { unsafe gh_ctx_set_servername_callback(context, serverNameReceived) }
    }

    /// The place of the certificate for `name`; nil: none has that name.
    func certificate(for name: String) -> Int? {
        let name = name.lowercased()
        if let index = exactNames[name] { return index }
        guard let dot = name.firstIndex(of: ".") else { return nil }
        return wildcardNames[String(name[name.index(after: dot)...])]
    }

    /// The range of `offered` (names behind their lengths) that holds the protocol we like best.
    func choose(from offered: Span<UInt8>) -> Range<Int>? {
        for candidate in protocols {
            var start = 0
            while start < offered.count {
                let end = start + 1 + Int(offered[start])
                guard end <= offered.count else { return nil }
                if offered.extracting(start + 1..<end).equals(candidate.name) {
                    return start + 1..<end
                }
                start = end
            }
        }
        return nil
    }
}

/// The context of a connection.
///
/// *Safety:* set in `init` on every `SSL_CTX` of the context, which outlives the connection.
private func context(of ssl: OpaquePointer?) -> Unmanaged<TLSServerContext>? {
    guard let data = unsafe gh_ctx_get_app_data(SSL_get_SSL_CTX(ssl)) else { return nil }
    return unsafe Unmanaged.fromOpaque(data)
}

private func serverNameReceived(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<Int32>?,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name),
        let context = unsafe context(of: ssl)
    else { return SSL_TLSEXT_ERR_NOACK }
    return unsafe context._withUnsafeGuaranteedRef { context in
        guard let index = unsafe context.certificate(for: String(cString: name)), index > 0 else {
            return SSL_TLSEXT_ERR_OK
        }
        let isSwitched = unsafe SSL_set_SSL_CTX(ssl, context.handles[index].pointer) != nil
        return isSwitched ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
    }
}

/// Where HTTP/1.1 is not spoken a client has to offer what is: without ALPN HTTP/1.1 is meant, and
/// OpenSSL would not even ask `protocolsOffered`.
private func helloReceived(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<Int32>?,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    let extensionType = UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation)
    if unsafe SSL_client_hello_get0_ext(ssl, extensionType, nil, nil) == 1 {
        return SSL_CLIENT_HELLO_SUCCESS
    }
    unsafe alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
    return SSL_CLIENT_HELLO_ERROR
}

private func protocolsOffered(
    _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenLength: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
    _ offeredLength: UInt32, _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context = unsafe context(of: ssl), let offered = unsafe offered else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    return unsafe context._withUnsafeGuaranteedRef { context in
        let names = unsafe Span(_unsafeStart: offered, count: Int(offeredLength))
        guard let range = context.choose(from: names) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        unsafe chosen?.pointee = unsafe offered + range.lowerBound
        unsafe chosenLength?.pointee = UInt8(range.count)
        return SSL_TLSEXT_ERR_OK
    }
}

private func ticketKeyNeeded(
    _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ iv: UnsafeMutablePointer<UInt8>?,
    _ cipherContext: OpaquePointer?, _ macContext: OpaquePointer?, _ isSealing: Int32
) -> Int32 {
    guard let context = unsafe context(of: ssl), let name = unsafe name, let iv = unsafe iv else {
        return -1
    }
    return unsafe context._withUnsafeGuaranteedRef { context in
        if isSealing == 1 {
            return unsafe context.ticketKeys.seal(name: name, iv: iv, cipherContext, macContext)
        }
        let answer = unsafe context.ticketKeys.open(
            name: name, iv: iv, cipherContext, macContext)
        // A ticket of TLS 1.3 is best used once (RFC 8446 appendix C.4), so there is always a new
        // one.
        return unsafe answer == 1 && SSL_version(ssl) == TLS1_3_VERSION ? 2 : answer
    }
}
