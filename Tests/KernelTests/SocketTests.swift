import Kernel
import Testing

@Suite("Sockets and addresses")
struct SocketTests {
    @Test(
        "an address reads and prints alike",
        arguments: ["127.0.0.1:80", "[::1]:8443", "[2001:db8::1]:0", "255.255.255.255:65535"])
    func round(text: String) {
        #expect(SocketAddress(text)?.description == text)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "127.0.0.1", "::1:80", "[127.0.0.1]:80", "localhost:80", "1.2.3.4:65536", "[::1]",
        ])
    func refusals(text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test(
        "bytes cross a connection both ways and the end is seen",
        arguments: ["127.0.0.1:0", "[::1]:0"])
    func loopback(address: String) throws {
        let listener = try Socket.listen(on: #require(SocketAddress(address)))
        let poller = try Poller()
        try poller.watchLevel(listener.descriptor, token: 7)
        let local = listener.localAddress
        let client = try Socket.connect(to: #require(local))
        #expect(poller.wait(milliseconds: 5_000) == 1)
        #expect(poller.event(0).token == 7)
        let accepted = try listener.accept()
        guard let accepted else {
            Issue.record("nothing was accepted")
            return
        }
        let server = accepted.take()
        let fault = client.pendingFault
        let wrote = client.write("ping".utf8.span)
        #expect(fault == nil)
        #expect(wrote == .wrote(4))
        try poller.watch(server.descriptor, token: 8)
        while poller.wait(milliseconds: 5_000) == 0 {}
        var buffer = ByteBuffer()
        let first = server.read(into: &buffer, atMost: 100)
        let second = server.read(into: &buffer, atMost: 100)
        #expect(first == .bytes(4))
        #expect(second == .wouldBlock)
        client.shutDownWriting()
        while poller.wait(milliseconds: 5_000) == 0 {}
        #expect(poller.event(0).readiness.isClosing)
        let last = server.read(into: &buffer, atMost: 100)
        #expect(last == .endOfFile)
        let text = buffer.text
        #expect(text == "ping")
    }
}
