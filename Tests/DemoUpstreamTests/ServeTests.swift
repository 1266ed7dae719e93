import Kernel
import Synchronization
import Testing

@testable import DemoUpstream

@Suite("The demo upstream over a socket")
struct ServeTests {
    /// Sends `text`, and reads until `isEnough`. The caller's poller waits for the answer.
    private func read(
        _ socket: borrowing Socket, _ poller: Poller, until isEnough: (String) -> Bool
    ) -> String {
        var buffer = ByteBuffer()
        while true {
            switch socket.read(into: &buffer, atMost: 65_536) {
            case .bytes: if isEnough(buffer.text) { return buffer.text }
            case .wouldBlock: if poller.wait(milliseconds: 10_000) == 0 { return buffer.text }
            case .endOfFile, .failed: return buffer.text
            }
        }
    }

    @Test("answers, streams and stops when it is woken")
    func serve() async throws {
        let stop = try Waker()
        let (addresses, continuation) = AsyncStream.makeStream(of: SocketAddress.self)
        let server = Task.detached {
            try DemoUpstream.serve(on: SocketAddress("127.0.0.1:0")!, until: stop) {
                continuation.yield($0)
                continuation.finish()
            }
        }
        let address = try #require(await addresses.first { _ in true })
        try talk(to: address)
        stop.wake()
        try await server.value
    }

    private func talk(to address: SocketAddress) throws {
        let socket = try Socket.connect(to: address)
        let poller = try Poller()
        try poller.watch(socket.descriptor, token: 1)
        _ = poller.wait(milliseconds: 10_000)
        let body = "{\"model\":\"m\",\"messages\":[],\"stream\":true,\"max_tokens\":3}"
        let request =
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let written = socket.write(request.utf8.span)
        #expect(written == .wrote(request.utf8.count))
        let answer = read(socket, poller) { $0.hasSuffix("0\r\n\r\n") }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.matches(of: /data:\s/).count == 6)
        let last = "GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        _ = socket.write(last.utf8.span)
        let models = read(socket, poller) { _ in false }
        #expect(models.contains("connection: close\r\n"))
        #expect(models.hasSuffix("]}"))
    }
}
