import COpenSSL
import Kernel

/// Loading certificates. Every fault names the file and what is wrong with it.
///
/// *Safety:* the context is not yet shared while it is being set up. The certificates that are
/// looked at belong to it and outlive the look.
extension ContextHandle {
    /// Loads a chain and its key; refuses a key that does not belong to it and certificates that
    /// are not valid at `now`.
    func use(_ files: CertificateFiles, at now: UnixTime) throws(TLSFault) {
        try Self.requireReadable(files.chainFile)
        try Self.requireReadable(files.keyFile)
        ErrorQueue.clear()
        guard unsafe SSL_CTX_use_certificate_chain_file(pointer, files.chainFile) == 1 else {
            throw TLSFault(
                .configuration,
                "\(files.chainFile): not a certificate chain in PEM: \(ErrorQueue.takeText())")
        }
        try checkValidity(of: files.chainFile, at: now)
        guard unsafe SSL_CTX_use_PrivateKey_file(pointer, files.keyFile, SSL_FILETYPE_PEM) == 1
        else {
            throw TLSFault(
                .configuration,
                "\(files.keyFile): not the private key of \(files.chainFile): "
                    + ErrorQueue.takeText())
        }
        guard unsafe SSL_CTX_check_private_key(pointer) == 1 else {
            ErrorQueue.clear()
            throw TLSFault(
                .configuration, "\(files.keyFile): not the private key of \(files.chainFile)")
        }
    }

    static func requireReadable(_ file: String) throws(TLSFault) {
        guard let reason = unsafe gh_unreadable(file) else { return }
        throw unsafe TLSFault(.configuration, "\(file): \(String(cString: reason))")
    }

    /// When the first certificate of the chain to expire does so.
    var expiry: UnixTime {
        var earliest = unsafe expiry(of: SSL_CTX_get0_certificate(pointer))
        for index in 0..<(unsafe gh_ctx_chain_count(pointer)) {
            earliest = unsafe min(earliest, expiry(of: gh_ctx_chain_at(pointer, index)))
        }
        return earliest
    }

    private func expiry(of certificate: OpaquePointer?) -> UnixTime {
        // Far years would overflow nanoseconds.
        let latest = Int64.max / 1_000_000_000
        let seconds = unsafe gh_asn1_time_seconds(X509_get0_notAfter(certificate))
        return UnixTime(seconds: min(seconds, latest))
    }

    /// The DNS names of the certificate, in lower case.
    var dnsNames: [String] {
        guard let certificate = unsafe SSL_CTX_get0_certificate(pointer) else { return [] }
        var names: [String] = []
        unsafe withUnsafeMutablePointer(to: &names) { names in
            unsafe gh_x509_each_dns_name(certificate, names) { state, name, length in
                guard let state = unsafe state, let name = unsafe name, length > 0 else { return }
                let text = unsafe UnsafeBufferPointer(start: name, count: Int(length))
                unsafe state.assumingMemoryBound(to: [String].self).pointee.append(
                    String(decoding: text, as: UTF8.self).lowercased())
            }
        }
        return names
    }

    private func checkValidity(of file: String, at now: UnixTime) throws(TLSFault) {
        if let fault = unsafe validityFault(SSL_CTX_get0_certificate(pointer), at: now) {
            throw TLSFault(.configuration, "\(file): the certificate \(fault)")
        }
        for index in 0..<(unsafe gh_ctx_chain_count(pointer)) {
            let certificate = unsafe gh_ctx_chain_at(pointer, index)
            if let fault = unsafe validityFault(certificate, at: now) {
                throw TLSFault(
                    .configuration, "\(file): certificate \(index + 2) of the chain \(fault)")
            }
        }
    }

    private func validityFault(_ certificate: OpaquePointer?, at now: UnixTime) -> String? {
        var seconds = time_t(now.seconds)
        let notBefore = unsafe X509_get0_notBefore(certificate)
        let notAfter = unsafe X509_get0_notAfter(certificate)
        let start = unsafe X509_cmp_time(notBefore, &seconds)
        let end = unsafe X509_cmp_time(notAfter, &seconds)
        if start == 0 || end == 0 { return "has a validity that cannot be read" }
        if start > 0 { return unsafe "is not valid before " + text(notBefore) }
        if end < 0 { return unsafe "expired on " + text(notAfter) }
        return nil
    }

    private func text(_ time: UnsafePointer<ASN1_TIME>?) -> String {
        var characters = [CChar](repeating: 0, count: 64)
        let length = unsafe characters.withUnsafeMutableBufferPointer { buffer in
            unsafe gh_asn1_time_text(time, buffer.baseAddress, buffer.count)
        }
        return String(
            decoding: characters.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
