import Kernel
import TLS
import Testing

@Suite("A TLS connection")
struct TLSConnectionTests {
    @Test("is established by a handshake, and says what was agreed")
    func handshake() throws {
        let pair = try Pair(clientContext(), serverContext())
        pair.run()
        #expect(pair.client.progress == .established)
        #expect(pair.server.progress == .established)
        #expect(pair.server.connection.version == "TLSv1.3")
        #expect(pair.server.connection.cipher == "TLS_AES_128_GCM_SHA256")
        #expect(pair.server.connection.serverName == "localhost")
        #expect(pair.server.connection.applicationProtocol == .http2)
        #expect(pair.client.connection.applicationProtocol == .http2)
        #expect(!pair.server.connection.isResumed)
        #expect(pair.client.connection.peerSubject == "CN=localhost,O=Gatehouse")
        #expect(pair.server.connection.peerSubject == nil)
    }

    @Test("carries the same bytes however the stream is split", arguments: [true, false])
    func everySplit(isTLS13: Bool) throws {
        let client = try clientContext { $0.highestVersion = isTLS13 ? .tls13 : .tls12 }
        let server = try serverContext()
        for seed in UInt64(1)...24 {
            var random = Seeded(seed)
            let largest = [1, 7, 100, 5_000][Int(seed % 4)]
            let pair = try Pair(client, server)
            pair.run { Int.random(in: 1...largest, using: &random) }
            #expect(pair.server.connection.isEstablished, "seed \(seed)")
            #expect(pair.client.connection.isEstablished, "seed \(seed)")
            for _ in 0..<4 {
                let there = randomBytes(&random)
                let back = randomBytes(&random)
                try pair.client.send(there)
                try pair.server.send(back)
                pair.run { Int.random(in: 1...largest, using: &random) }
                let isSame =
                    pair.server.takePlaintext() == there && pair.client.takePlaintext() == back
                #expect(isSame, "seed \(seed)")
            }
        }
    }

    private func randomBytes(_ random: inout Seeded) -> [UInt8] {
        let count = Int.random(in: 0...40_000, using: &random)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    @Test("speaks both ways in every single-byte step of the handshake")
    func singleBytes() throws {
        let pair = try Pair(clientContext(), serverContext())
        pair.run { 1 }
        try pair.client.send("ping")
        try pair.server.send("pong")
        pair.run { 1 }
        #expect(pair.server.takeText() == "ping")
        #expect(pair.client.takeText() == "pong")
    }

    @Test("takes megabytes in one call, in records of 16 KiB with little around them")
    func large() throws {
        let pair = try Pair(clientContext(), serverContext())
        pair.run()
        var random = Seeded(5)
        let body = (0..<3_000_001).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        try pair.server.send(body)
        let overhead = pair.server.wire.count - body.count
        #expect(overhead == 184 * 22)
        try pair.client.send(body)
        pair.run { 65_536 }
        let isSame = pair.client.takePlaintext() == body && pair.server.takePlaintext() == body
        #expect(isSame)
    }

    @Test("appends data that came with the end of the handshake")
    func dataWithFinished() throws {
        let pair = try Pair(clientContext(), serverContext())
        pair.server.receive(pair.client.takeWire())
        pair.client.receive(pair.server.takeWire())
        #expect(pair.client.progress == .established)
        try pair.client.send("GET / HTTP/1.1\r\n\r\n")
        #expect(pair.server.progress == .handshaking)
        pair.server.receive(pair.client.takeWire())
        #expect(pair.server.progress == .established)
        #expect(pair.server.takeText() == "GET / HTTP/1.1\r\n\r\n")
    }

    @Test("ends with close_notify, after which the other end may still send")
    func closeNotify() throws {
        let pair = try Pair(clientContext(), serverContext())
        pair.run()
        try pair.client.send("last words")
        pair.client.connection.close(wire: &pair.client.wire)
        pair.client.connection.close(wire: &pair.client.wire)
        pair.run()
        #expect(pair.server.progress == .closedByPeer)
        #expect(pair.server.takeText() == "last words")
        #expect(throws: TLSFault.self) { try pair.client.send("more") }
        try pair.server.send("answer")
        pair.server.connection.close(wire: &pair.server.wire)
        pair.run()
        #expect(pair.client.takeText() == "answer")
        #expect(pair.client.progress == .closedByPeer)
        #expect(pair.server.connection.receivedEndOfFile() == .closedByPeer)
    }

    @Test("tells an end without close_notify from a proper one")
    func truncation() throws {
        let pair = try Pair(clientContext(), serverContext())
        pair.run()
        try pair.server.send("half of an ans")
        pair.run()
        guard case .failed(let fault) = pair.client.connection.receivedEndOfFile() else {
            Issue.record("truncation went unnoticed")
            return
        }
        #expect(fault.kind == .truncated)
        #expect(throws: fault) { try pair.client.send("x") }
        let early = try TLSConnection(server: serverContext())
        guard case .failed(let other) = early.receivedEndOfFile() else {
            Issue.record("truncation went unnoticed")
            return
        }
        #expect(other.kind == .truncated)
    }

    @Test("survives any change of key, asked for or not")
    func keyUpdate() throws {
        let pair = try Pair(clientContext(), serverContext())
        pair.run()
        for round in 0..<10 {
            try pair.client.connection.updateKeys(
                isMutual: round % 2 == 0, wire: &pair.client.wire)
            try pair.client.send("round \(round)")
            pair.run()
            #expect(pair.server.takeText() == "round \(round)")
            try pair.server.send("answer \(round)")
            pair.run()
            #expect(pair.client.takeText() == "answer \(round)")
        }
    }

    @Test("gives up on a peer that only changes keys")
    func keyUpdateFlood() throws {
        let pair = try Pair(clientContext(), serverContext())
        pair.run()
        for _ in 0..<32 {
            try pair.client.connection.updateKeys(isMutual: true, wire: &pair.client.wire)
            pair.run()
        }
        #expect(pair.server.progress == .established)
        for _ in 0..<2 {
            try pair.client.connection.updateKeys(isMutual: true, wire: &pair.client.wire)
        }
        pair.run()
        #expect(pair.server.fault?.kind == .excess)
    }

    @Test("refuses to send before it is established")
    func sendTooEarly() throws {
        let pair = try Pair(clientContext(), serverContext())
        #expect(throws: TLSFault.self) { try pair.client.send("x") }
        let server = End(try TLSConnection(server: serverContext()))
        #expect(throws: TLSFault.self) { try server.send("x") }
        server.connection.close(wire: &server.wire)
        #expect(server.takeWire().isEmpty)
    }

    @Test("notices a flipped bit in any record, and tells the peer")
    func tampering() throws {
        for seed in UInt64(1)...20 {
            var random = Seeded(seed)
            let pair = try Pair(clientContext(), serverContext())
            pair.run()
            try pair.client.send("a secret that must not be changed")
            var bytes = pair.client.takeWire()
            let index = Int.random(in: 5..<bytes.count, using: &random)
            bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
            pair.server.receive(bytes)
            #expect(pair.server.fault != nil, "seed \(seed)")
            #expect(pair.server.takePlaintext().isEmpty)
            pair.client.receive(pair.server.takeWire())
            #expect(pair.client.fault?.kind == .alert(20), "seed \(seed)")
        }
    }
}
