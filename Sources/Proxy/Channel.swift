import HTTP
import Kernel
import TLS

/// One connection's way between a codec and the kernel: TLS or none, the bytes read but not yet
/// taken, the bytes written but not yet accepted. It decides nothing.
final class Channel {
    /// What reading brought.
    enum Arrival {
        /// Nothing new; the poller will tell.
        case nothing
        case bytes
        /// The TLS handshake has just completed; bytes may have come with it.
        case established
        /// The peer sends no more.
        case ended
        case tlsFailed(TLSFault)
        case broken
    }

    private let wire: any Wire
    private let tls: TLSConnection?
    /// Plaintext that the codec has not taken. Usually empty, and then without memory.
    var inbound = ByteBuffer()
    /// Bytes for the wire that the kernel did not take at once.
    private var unsent = ByteBuffer()
    /// The poller reported readiness that was not used up.
    var canRead = false
    private(set) var hasEnded = false
    private(set) var isBroken = false
    /// Neither side has ended it.
    var isUsable: Bool { !hasEnded && !isBroken }
    /// Bytes the kernel took since the beginning, handshake included.
    private(set) var sentBytes: UInt64 = 0
    private(set) var receivedBytes: UInt64 = 0
    /// Bytes read at once: several TLS records, one system call.
    static let readBytes = 65_536

    init(_ wire: any Wire, tls: TLSConnection?) {
        self.wire = wire
        self.tls = tls
    }

    var isSecure: Bool { tls != nil }
    var isBlocked: Bool { !unsent.isEmpty }
    /// The TLS handshake was shortened by a session ticket.
    var isResumed: Bool { tls?.isResumed ?? false }
    /// Bytes held in either direction.
    var heldBytes: Int { inbound.count + unsent.count }
    var isEstablished: Bool { tls?.isEstablished ?? true }
    var applicationProtocol: ApplicationProtocol { tls?.applicationProtocol ?? .http1 }
    /// How the attempt to connect ended; nil: it succeeded.
    var connectFault: SystemFault? { wire.pendingFault }

    /// Reads once. `scratch` lends memory for ciphertext; it is empty before and after.
    func read(_ scratch: inout ByteBuffer) -> Arrival {
        guard canRead, !isBroken, !hasEnded else { return .nothing }
        guard let tls else { return take(wire.read(into: &inbound, atMost: Self.readBytes)) }
        let arrival = take(wire.read(into: &scratch, atMost: Self.readBytes))
        guard case .bytes = arrival else { return arrival }
        defer { scratch.removeAll() }
        let wasEstablished = isEstablished
        switch tls.receive(scratch.bytes, plaintext: &inbound, wire: &unsent) {
        case .handshaking: return .nothing
        case .established: return wasEstablished ? .bytes : .established
        case .closedByPeer:
            hasEnded = true
            canRead = false
            if !wasEstablished { return .established }
            return inbound.isEmpty ? .ended : .bytes
        case .failed(let fault): return .tlsFailed(fault)
        }
    }

    private func take(_ outcome: ReadOutcome) -> Arrival {
        switch outcome {
        case .bytes(let count):
            receivedBytes &+= UInt64(count)
            // A short read means drained, unless the end was announced too.
            if count < Self.readBytes, !isClosing { canRead = false }
            return .bytes
        case .wouldBlock:
            canRead = false
            return .nothing
        case .endOfFile:
            canRead = false
            hasEnded = true
            return .ended
        case .failed:
            canRead = false
            isBroken = true
            return .broken
        }
    }

    /// The poller reported the end of the peer's bytes: reading goes on until it is met.
    private(set) var isClosing = false

    func noteReadiness(_ readiness: Readiness) {
        // Behind the end nothing comes, though every later event repeats that there is something.
        if readiness.isReadable, !hasEnded { canRead = true }
        if readiness.isClosing { isClosing = true }
    }

    /// Whether the peer's bytes ended without the good-bye that TLS demands (RFC 8446 section
    /// 6.1). Asked behind the end only: nothing can be sent afterwards.
    func isCutOff() -> Bool {
        if case .failed = tls?.receivedEndOfFile() { true } else { false }
    }

    /// The client's first flight.
    func startHandshake() throws(TLSFault) {
        try tls?.start(wire: &unsent)
    }

    /// Sends what the codec has, until the kernel takes no more. `work` lends memory; its buffers
    /// are empty before and after. Returns whether any byte left.
    func flush(_ codec: (any Codec)?, _ work: inout WriteBuffers) -> Bool {
        var hasProgress = false
        while !isBroken {
            if !unsent.isEmpty {
                let before = unsent.count
                sendUnsent()
                hasProgress = hasProgress || unsent.count < before
                if isBlocked { return hasProgress }
            }
            guard let codec, isEstablished, codec.hasOutput else { break }
            _ = codec.write(into: &work.plain, limit: WriteBuffers.turnBytes)
            if work.plain.isEmpty { break }
            hasProgress = true
            send(&work)
        }
        return hasProgress
    }

    private func send(_ work: inout WriteBuffers) {
        guard let tls else {
            transmit(&work.plain)
            return
        }
        isBroken = !Self.encrypt(work.plain, with: tls, into: &work.wire)
        work.plain.removeAll()
        transmit(&work.wire)
    }

    private static func encrypt(
        _ plain: borrowing ByteBuffer, with tls: TLSConnection, into wire: inout ByteBuffer
    ) -> Bool {
        do throws(TLSFault) {
            try tls.send(plain.bytes, wire: &wire)
            return true
        } catch {
            return false
        }
    }

    /// Writes `bytes` and keeps the rest as unsent.
    private func transmit(_ bytes: inout ByteBuffer) {
        switch wire.write(bytes.bytes) {
        case .wrote(let count):
            sentBytes &+= UInt64(count)
            bytes.consume(count)
        case .wouldBlock: break
        case .failed: isBroken = true
        }
        if !bytes.isEmpty, !isBroken { swap(&unsent, &bytes) }
        bytes.removeAll()
    }

    private func sendUnsent() {
        switch unsent.withBytes({ wire.write($0) }) {
        case .wrote(let count):
            sentBytes &+= UInt64(count)
            unsent.consume(count)
            if unsent.isEmpty { unsent = ByteBuffer() }
        case .wouldBlock: break
        case .failed: isBroken = true
        }
    }

    /// Says good-bye: close_notify where TLS is spoken, then FIN.
    func shutDownWriting() {
        if isEstablished { tls?.close(wire: &unsent) }
        if !unsent.isEmpty { sendUnsent() }
        wire.shutDownWriting()
    }

    /// Reads and forgets, for a lingering close. Returns how many bytes came; nil at the end.
    func discard(_ scratch: inout ByteBuffer) -> Int? {
        guard canRead else { return hasEnded || isBroken ? nil : 0 }
        let before = receivedBytes
        _ = take(wire.read(into: &scratch, atMost: Self.readBytes))
        scratch.removeAll()
        return hasEnded || isBroken ? nil : Int(receivedBytes - before)
    }
}

/// Memory a worker lends to whichever connection is being written.
struct WriteBuffers: ~Copyable {
    /// Bytes asked of a codec at once: several TLS records in one `send`.
    static let turnBytes = 65_536

    var plain = ByteBuffer()
    var wire = ByteBuffer()
}
