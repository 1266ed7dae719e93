import COpenSSL
import Kernel

/// What was negotiated, and with whom.
///
/// *Safety:* the texts belong to the `SSL`, which lives as long as this object, and are copied.
extension TLSConnection {
    /// What ALPN chose; HTTP/1.1 where the peer does not speak ALPN. Meaningful once established.
    public var applicationProtocol: ApplicationProtocol {
        var name: UnsafePointer<UInt8>? = nil
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &length)
        guard let name = unsafe name else { return .http1 }
        let chosen = unsafe Span(_unsafeStart: name, count: Int(length))
        return chosen.equals(ApplicationProtocol.http2.name) ? .http2 : .http1
    }

    /// Server: the name the client asked for (SNI), as it spelled it; nil when it named none.
    /// Client: the name that was asked for; nil for an IP address.
    public var serverName: String? {
        guard let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
            return nil
        }
        return unsafe String(cString: name)
    }

    /// Whether the handshake was shortened by a session ticket.
    public var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// For logs: `TLSv1.3` or `TLSv1.2`.
    public var version: String { unsafe String(cString: SSL_get_version(ssl)) }

    /// For logs: the suite's name in OpenSSL's spelling; empty before it is chosen.
    public var cipher: String {
        guard let name = unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)) else { return "" }
        return unsafe String(cString: name)
    }

    /// The subject of the peer's verified certificate (RFC 2253); nil when it showed none.
    public var peerSubject: String? {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl),
            let bio = unsafe BIO_new(BIO_s_mem())
        else { return nil }
        defer { unsafe BIO_free(bio) }
        guard unsafe gh_x509_print_subject(bio, certificate) >= 0 else { return nil }
        var text = [UInt8](repeating: 0, count: 1024)
        let count = unsafe text.withUnsafeMutableBytes { buffer in
            unsafe BIO_read(bio, buffer.baseAddress, Int32(buffer.count))
        }
        return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
    }

    /// Client: binds the connection to the name its server has to prove, and resumes if it can.
    func expect(_ serverName: String, _ sessions: SessionStore) throws(TLSFault) {
        var name = serverName
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix(".") { name.removeLast() }
        guard !name.isEmpty, name.utf8.count <= 255, !name.utf8.contains(0) else {
            throw TLSFault(.configuration, "not a server name: \(serverName.debugDescription)")
        }
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        let parameters = unsafe SSL_get0_param(ssl)
        // An address is not sent as SNI (RFC 6066 section 3).
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1 { return }
        unsafe SSL_set_hostflags(
            ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
        guard unsafe SSL_set1_host(ssl, name) == 1, unsafe gh_ssl_set_server_name(ssl, name) == 1
        else {
            throw TLSFault(.configuration, "not a server name: \(serverName.debugDescription)")
        }
        if let session = sessions.take(for: name) {
            unsafe SSL_set_session(ssl, session.pointer)
        }
    }
}
