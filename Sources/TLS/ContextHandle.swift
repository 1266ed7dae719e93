import COpenSSL
import Kernel

/// Owns one `SSL_CTX` with the settings that both roles share: TLS 1.2 and 1.3, key exchange with
/// forward secrecy (X25519, P-256), authenticated encryption only, no renegotiation, no
/// compression.
///
/// *Safety:* the object alone holds this reference and gives it back once; every connection made
/// from the context holds a reference of its own. After its set-up, which happens on one thread
/// before it is published, a context is only read; OpenSSL counts its references atomically and
/// documents that threads may share it. Hence `@unchecked Sendable`.
@safe
final class ContextHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Room for the certificates of a peer, in bytes.
    private static let certificateListBytes = 16_384

    init(_ method: OpaquePointer?, highestVersion: Int32 = TLS1_3_VERSION) throws(TLSFault) {
        ErrorQueue.clear()
        guard let pointer = unsafe SSL_CTX_new(method) else {
            throw TLSFault(.configuration, "no TLS context: \(ErrorQueue.takeText())")
        }
        unsafe self.pointer = pointer
        unsafe gh_ctx_set_versions(pointer, TLS1_2_VERSION, highestVersion)
        unsafe gh_ctx_set_modes(pointer)
        unsafe gh_ctx_set_options(pointer)
        unsafe gh_ctx_refuse_passphrases(pointer)
        unsafe gh_ctx_set_max_cert_list(pointer, Self.certificateListBytes)
        unsafe SSL_CTX_set_security_level(pointer, 2)
        let isSet =
            unsafe SSL_CTX_set_cipher_list(pointer, Self.suites12) == 1
            && SSL_CTX_set_ciphersuites(pointer, Self.suites13) == 1
            && gh_ctx_set_groups(pointer, "X25519:P-256") == 1
            && SSL_CTX_set_max_early_data(pointer, 0) == 1
        guard isSet else {
            throw TLSFault(.configuration, "libssl lacks what is needed: \(ErrorQueue.takeText())")
        }
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }

    private static let suites12 =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
        + ":ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
        + ":ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    /// The 128-bit suite first: half the cost on the wire's hot path and no known weakness.
    private static let suites13 =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
}
