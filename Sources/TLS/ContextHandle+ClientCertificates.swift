import COpenSSL

/// Asking clients for certificates.
///
/// *Safety:* the context is not yet shared while it is being set up.
extension ContextHandle {
    /// Sets the rule for client certificates, and the session id context that goes with it: a
    /// session made under one rule, or with other authorities, is not resumed under another.
    func ask(for certificates: TLSServerSettings.ClientCertificates) throws(TLSFault) {
        switch certificates {
        case .none:
            try setSessionContext(mode: 0, authoritiesFile: nil)
        case .request(let file):
            try trustClients(of: file, SSL_VERIFY_PEER)
            try setSessionContext(mode: 1, authoritiesFile: file)
        case .require(let file):
            try trustClients(of: file, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT)
            try setSessionContext(mode: 2, authoritiesFile: file)
        }
    }

    private func trustClients(of file: String, _ mode: Int32) throws(TLSFault) {
        try Self.requireReadable(file)
        ErrorQueue.clear()
        guard unsafe gh_ctx_set_client_authorities(pointer, file) == 1 else {
            throw TLSFault(
                .configuration, "\(file): no authorities in PEM: \(ErrorQueue.takeText())")
        }
        unsafe SSL_CTX_set_verify(pointer, mode, nil)
    }

    private func setSessionContext(mode: UInt8, authoritiesFile: String?) throws(TLSFault) {
        var text = [mode]
        if let authoritiesFile { text += try Self.contents(of: authoritiesFile) }
        var digest = [UInt8](repeating: 0, count: 32)
        let isSet = unsafe text.withUnsafeBufferPointer { text in
            unsafe digest.withUnsafeMutableBufferPointer { digest in
                unsafe EVP_Digest(
                    text.baseAddress, text.count, digest.baseAddress, nil, EVP_sha256(), nil) == 1
                    && SSL_CTX_set_session_id_context(pointer, digest.baseAddress, 32) == 1
            }
        }
        guard isSet else {
            throw TLSFault(.configuration, "no session context: \(ErrorQueue.takeText())")
        }
    }

    private static func contents(of file: String) throws(TLSFault) -> [UInt8] {
        guard let bio = unsafe BIO_new_file(file, "r") else {
            throw TLSFault(.configuration, "\(file): \(ErrorQueue.takeText())")
        }
        defer { unsafe BIO_free(bio) }
        var contents: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { buffer in
                unsafe BIO_read(bio, buffer.baseAddress, Int32(buffer.count))
            }
            guard count > 0 else { return contents }
            contents += piece[..<Int(count)]
        }
    }
}
