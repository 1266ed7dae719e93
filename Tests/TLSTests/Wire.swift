import Kernel
import TLS

/// A generator whose every sequence can be had again from its seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

/// One end of a connection, with what it received and what it wants to send.
final class End {
    let connection: TLSConnection
    var wire = ByteBuffer()
    var plaintext = ByteBuffer()
    var progress = TLSProgress.handshaking

    init(_ connection: TLSConnection) { self.connection = connection }

    func receive(_ bytes: Span<UInt8>) {
        progress = connection.receive(bytes, plaintext: &plaintext, wire: &wire)
    }

    func receive(_ bytes: [UInt8]) { receive(bytes.span) }

    func send(_ bytes: [UInt8]) throws { try connection.send(bytes.span, wire: &wire) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Takes what it wants to send.
    func takeWire() -> [UInt8] {
        let bytes = array(wire.bytes)
        wire.removeAll()
        return bytes
    }

    func takePlaintext() -> [UInt8] {
        let bytes = array(plaintext.bytes)
        plaintext.removeAll()
        return bytes
    }

    func takeText() -> String { String(decoding: takePlaintext(), as: UTF8.self) }

    var fault: TLSFault? {
        if case .failed(let fault) = progress { fault } else { nil }
    }
}

/// A client and a server with nothing but memory between them.
final class Pair {
    let client: End
    let server: End

    init(
        _ clientContext: TLSClientContext, _ serverContext: TLSServerContext,
        name: String = "localhost"
    ) throws {
        client = End(try TLSConnection(client: clientContext, serverName: name))
        server = End(try TLSConnection(server: serverContext))
        try client.connection.start(wire: &client.wire)
    }

    /// Carries bytes to and fro, in pieces of the sizes that `pieces` gives, until both ends fall
    /// silent.
    func run(pieces: () -> Int = { .max }) {
        while !client.wire.isEmpty || !server.wire.isEmpty {
            deliver(client.takeWire(), to: server, pieces)
            deliver(server.takeWire(), to: client, pieces)
        }
    }

    private func deliver(_ bytes: [UInt8], to end: End, _ pieces: () -> Int) {
        var start = 0
        while start < bytes.count {
            let count = min(max(1, pieces()), bytes.count - start)
            end.receive(bytes.span.extracting(start..<start + count))
            start += count
        }
    }
}

func array(_ bytes: Span<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for index in 0..<bytes.count { result.append(bytes[index]) }
    return result
}

/// A context for localhost, changed as the test needs it.
func serverContext(
    ticketKeys: TicketKeys? = nil, _ change: (inout TLSServerSettings) -> Void = { _ in }
) throws -> TLSServerContext {
    var settings = TLSServerSettings(certificates: [TestCertificates.shared.localhost])
    change(&settings)
    return try TLSServerContext(settings, ticketKeys: ticketKeys)
}

/// A context that trusts the tests' authority, changed as the test needs it.
func clientContext(
    _ change: (inout TLSClientSettings) -> Void = { _ in }
) throws -> TLSClientContext {
    var settings = TLSClientSettings()
    settings.authoritiesFile = TestCertificates.shared.authority
    change(&settings)
    return try TLSClientContext(settings)
}
