import COpenSSL
import Kernel

/// One end of one TLS connection, as a machine between two streams of bytes: it holds no socket and
/// no bytes of either stream. The driver moves ciphertext in and out and looks at `TLSProgress`.
///
///     handshaking ──▶ open ──close_notify──▶ closed by peer
///          └───────────┴──── fault ────▶ failed
///
/// *Safety:* the object owns the `SSL`, which owns the BIO, and frees it once. It is not Sendable,
/// so one thread uses it at a time. Pointers to spans and buffers of the caller are known to
/// OpenSSL only during the call that lends them (see `LentBytes`). `owner` keeps alive what the
/// callbacks of the `SSL_CTX` refer to.
@safe
public final class TLSConnection {
    private enum State {
        case handshaking
        case open
        case closedByPeer
        case failed(TLSFault)
    }

    let ssl: OpaquePointer
    private let bio: OpaquePointer
    private let owner: AnyObject
    private let isServer: Bool
    private var state = State.handshaking
    private var sizeLimit = HandshakeSizeLimit()
    private var isCloseSent = false
    /// Records that held no application data since the handshake: key updates, tickets, warnings.
    private var quietRecords = 0
    private var receivedBytes = 0
    private var sentRecords = 0

    /// Quiet records that are free; one more is for each 64 KiB received.
    private static let freeQuietRecords = 32
    /// Half of what AES-GCM may protect under one key (RFC 8446 section 5.5: 2^24.5 records).
    private static let recordsPerKey = 1 << 23
    private static let recordBytes = 16_384
    /// Upper bound of what a record adds to its content.
    private static let recordOverhead = 32

    /// The server's end. Throws only when memory is exhausted.
    public init(server context: TLSServerContext) throws(TLSFault) {
        (unsafe ssl, unsafe bio) = unsafe try Self.make(context.handles[0])
        owner = context
        isServer = true
        unsafe SSL_set_accept_state(ssl)
    }

    /// The client's end; `serverName` is a DNS name or an IP address (IPv6 with or without
    /// brackets), which the server's certificate has to bear. Throws for a name that is neither.
    public init(client context: TLSClientContext, serverName: String) throws(TLSFault) {
        (unsafe ssl, unsafe bio) = unsafe try Self.make(context.handle)
        owner = context
        isServer = false
        unsafe SSL_set_connect_state(ssl)
        try expect(serverName, context.sessions)
    }

    deinit {
        unsafe SSL_free(ssl)
    }

    private static func make(
        _ handle: ContextHandle
    ) throws(TLSFault) -> (OpaquePointer, OpaquePointer) {
        ErrorQueue.clear()
        guard let ssl = unsafe SSL_new(handle.pointer) else {
            throw TLSFault(.excess, "no TLS connection: \(ErrorQueue.takeText())")
        }
        guard let bio = unsafe LentBytes.makeBIO() else {
            unsafe SSL_free(ssl)
            throw TLSFault(.excess, "no TLS connection: \(ErrorQueue.takeText())")
        }
        unsafe SSL_set_bio(ssl, bio, bio)
        return unsafe (ssl, bio)
    }

    /// Whether the handshake is complete and the connection did not fail since.
    public var isEstablished: Bool {
        switch state {
        case .open, .closedByPeer: true
        case .handshaking, .failed: false
        }
    }

    /// Client: appends the first flight to `wire`.
    public func start(wire: inout ByteBuffer) throws(TLSFault) {
        guard case .handshaking = state, !isServer else { return }
        let progress = unsafe lend(UnsafeBufferPointer(start: nil, count: 0), &wire) { loan in
            unsafe shakeHands(loan)
        }
        if case .failed(let fault) = progress { throw fault }
    }

    /// Takes all of `ciphertext`, advances the handshake, appends what was decrypted to `plaintext`
    /// and what is to be sent to `wire`. Plaintext that stood before a fault or close_notify has
    /// been appended. Bytes behind close_notify are ignored (RFC 8446 section 6.1).
    public func receive(
        _ ciphertext: Span<UInt8>, plaintext: inout ByteBuffer, wire: inout ByteBuffer
    ) -> TLSProgress {
        switch state {
        case .failed(let fault): return .failed(fault)
        case .closedByPeer: return .closedByPeer
        case .handshaking:
            guard ciphertext.count > 0 else { return .handshaking }
            if let fault = oversizedMessage(in: ciphertext) { return fail(fault) }
        case .open:
            guard ciphertext.count > 0 else { return .established }
        }
        return unsafe ciphertext.withUnsafeBufferPointer { input in
            unsafe lend(input, &wire) { loan in
                let progress = unsafe shakeHands(loan)
                guard unsafe progress == .established && loan.pointee.remaining > 0 else {
                    return progress
                }
                return unsafe decrypt(loan, into: &plaintext)
            }
        }
    }

    /// Says that the peer's bytes have ended. Without close_notify before, that is a fault: an
    /// attacker may have cut the connection.
    public func receivedEndOfFile() -> TLSProgress {
        switch state {
        case .failed(let fault): .failed(fault)
        case .closedByPeer: .closedByPeer
        case .handshaking: fail(TLSFault(.truncated, "the connection ended in the handshake"))
        case .open: fail(TLSFault(.truncated, "the connection ended without close_notify"))
        }
    }

    /// Encrypts all of `plaintext` and appends the records, of up to 16 KiB each, to `wire`.
    public func send(_ plaintext: Span<UInt8>, wire: inout ByteBuffer) throws(TLSFault) {
        try requireOpenForSending()
        let count = plaintext.count
        guard count > 0 else { return }
        let records = (count + Self.recordBytes - 1) / Self.recordBytes
        sentRecords += records
        if sentRecords >= Self.recordsPerKey { renewKey() }
        wire.reserve(count + records * Self.recordOverhead)
        let fault = unsafe plaintext.withUnsafeBufferPointer { bytes in
            unsafe lend(UnsafeBufferPointer(start: nil, count: 0), &wire) { _ -> TLSFault? in
                var written = 0
                let answer = unsafe SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &written)
                if answer == 1 && written == bytes.count { return nil }
                if case .failed(let fault) = outcome(of: answer) { return fault }
                return TLSFault(.misuse, "the record layer did not take all bytes")
            }
        }
        if let fault {
            state = .failed(fault)
            throw fault
        }
    }

    /// Changes the key of our direction before the next record and, if `isMutual`, asks the peer to
    /// do the same (RFC 8446 section 4.6.3). Happens by itself before a key wears out. No effect in
    /// TLS 1.2.
    public func updateKeys(isMutual: Bool, wire: inout ByteBuffer) throws(TLSFault) {
        try requireOpenForSending()
        guard unsafe SSL_version(ssl) == TLS1_3_VERSION else { return }
        let progress = unsafe lend(UnsafeBufferPointer(start: nil, count: 0), &wire) { loan in
            unsafe SSL_key_update(
                ssl, isMutual ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED)
            return unsafe shakeHands(loan, isAgain: true)
        }
        if case .failed(let fault) = progress { throw fault }
    }

    /// Appends close_notify: we send no more. Does nothing before the handshake's end, after a
    /// fault (OpenSSL has sent its alert then), or a second time.
    public func close(wire: inout ByteBuffer) {
        guard isEstablished, !isCloseSent else { return }
        isCloseSent = true
        unsafe lend(UnsafeBufferPointer(start: nil, count: 0), &wire) { _ in
            // 0: the peer's close_notify is still to come. No answer calls for anything.
            unsafe _ = SSL_shutdown(ssl)
            ErrorQueue.clear()
        }
    }
}

extension TLSConnection {
    private enum Outcome {
        case wantsBytes
        case closedByPeer
        case failed(TLSFault)
    }

    /// Lends `input` and `wire` to OpenSSL while `body` runs, with an empty error queue.
    private func lend<Result>(
        _ input: UnsafeBufferPointer<UInt8>, _ wire: inout ByteBuffer,
        _ body: (UnsafeMutablePointer<LentBytes>) -> Result
    ) -> Result {
        unsafe withUnsafeMutablePointer(to: &wire) { wire in
            var lent = unsafe LentBytes(input: input, wire: wire)
            return unsafe withUnsafeMutablePointer(to: &lent) { loan in
                ErrorQueue.clear()
                unsafe BIO_set_data(bio, loan)
                defer { unsafe BIO_set_data(bio, nil) }
                return unsafe body(loan)
            }
        }
    }

    private func shakeHands(
        _ loan: UnsafeMutablePointer<LentBytes>, isAgain: Bool = false
    ) -> TLSProgress {
        if case .open = state, !isAgain { return .established }
        while true {
            let before = unsafe loan.pointee.remaining
            let answer = unsafe SSL_do_handshake(ssl)
            if answer == 1 {
                state = .open
                return .established
            }
            switch outcome(of: answer) {
            case .wantsBytes:
                let rest = unsafe loan.pointee.remaining
                if rest == 0 { return .handshaking }
                // A record that was skipped, such as ChangeCipherSpec in TLS 1.3.
                if rest == before { return fail(Self.standstill) }
            case .closedByPeer:
                return fail(TLSFault(.handshake, "the peer closed in the handshake"))
            case .failed(let fault): return fail(fault)
            }
        }
    }

    private func decrypt(
        _ loan: UnsafeMutablePointer<LentBytes>, into plaintext: inout ByteBuffer
    ) -> TLSProgress {
        var stillSteps = 0
        while true {
            let before = unsafe loan.pointee.remaining
            // A record is never longer decrypted than encrypted; its first part may have come
            // earlier.
            let pending = unsafe Int(SSL_pending(ssl))
            let room = min(max(before, pending, 256), Self.recordBytes)
            let count = unsafe plaintext.withUnsafeSpareCapacity(minimum: room) { spare in
                let limit = Int32(clamping: spare.count)
                return unsafe Int(SSL_read(ssl, spare.baseAddress, limit))
            }
            let rest = unsafe loan.pointee.remaining
            if count > 0 {
                receivedBytes &+= count
                if unsafe rest == 0 && SSL_pending(ssl) == 0 { return .established }
                continue
            }
            switch outcome(of: Int32(count)) {
            case .wantsBytes:
                if unsafe loan.pointee.isExhausted { return .established }
                // One such step is usual: the answer to a key update is written, nothing read.
                stillSteps = rest == before ? stillSteps + 1 : 0
                if stillSteps > 2 { return fail(Self.standstill) }
                if stillSteps == 0 { quietRecords += 1 }
                if quietRecords > Self.freeQuietRecords + receivedBytes >> 16 {
                    return fail(TLSFault(.excess, "too many records without data"))
                }
            case .closedByPeer:
                state = .closedByPeer
                return .closedByPeer
            case .failed(let fault): return fail(fault)
            }
        }
    }

    private static let standstill = TLSFault(.misuse, "TLS wants bytes and does not take them")

    private func fail(_ fault: TLSFault) -> TLSProgress {
        state = .failed(fault)
        return .failed(fault)
    }

    private func requireOpenForSending() throws(TLSFault) {
        if case .failed(let fault) = state { throw fault }
        guard isEstablished else { throw TLSFault(.misuse, "sent before the handshake's end") }
        guard !isCloseSent else { throw TLSFault(.misuse, "sent after close_notify") }
    }

    private func renewKey() {
        sentRecords = 0
        guard unsafe SSL_version(ssl) == TLS1_3_VERSION else { return }
        unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
    }

    private func oversizedMessage(in ciphertext: Span<UInt8>) -> TLSFault? {
        guard isServer else { return nil }
        let isTLS12 = unsafe SSL_version(ssl) == TLS1_2_VERSION
        guard let size = sizeLimit.excess(in: ciphertext, isTLS12: isTLS12) else { return nil }
        return TLSFault(.excess, "a handshake message of \(size) bytes was announced")
    }

    /// What the answer of a call means. An error is taken from the queue.
    private func outcome(of answer: Int32) -> Outcome {
        switch unsafe SSL_get_error(ssl, answer) {
        case SSL_ERROR_WANT_READ: .wantsBytes
        case SSL_ERROR_ZERO_RETURN: .closedByPeer
        default: .failed(takeFault())
        }
    }

    private func takeFault() -> TLSFault {
        guard let entry = ErrorQueue.takeFirst() else {
            return TLSFault(.handshake, "TLS failed without a reason")
        }
        guard entry.library == ERR_LIB_SSL else { return TLSFault(.handshake, entry.text) }
        switch entry.reason {
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            let result = unsafe SSL_get_verify_result(ssl)
            let text = unsafe String(cString: X509_verify_cert_error_string(result))
            return TLSFault(.peerCertificate, "the peer's certificate is refused: \(text)")
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return TLSFault(.peerCertificate, "the peer sent no certificate")
        case 1000..<1256:
            return TLSFault(.alert(UInt8(entry.reason - 1000)), "the peer sent \(entry.text)")
        default:
            return TLSFault(.handshake, entry.text)
        }
    }
}
