import HTTP
import Kernel

/// `gatehouse health`: asks a running gateway how it is, for containers that hold no other client.
enum HealthCommand {
    private static let patienceMilliseconds = 2_000

    /// The gateway is not well, and why.
    private struct Illness: Error, CustomStringConvertible {
        let description: String
    }

    static func run(_ arguments: [String]) throws -> Status {
        let options = try Options(arguments, allowed: ["--address", "--host"])
        let text = try options.required("--address")
        guard let address = SocketAddress(text) else {
            throw Options.Misuse(
                message: "--address takes an address like 127.0.0.1:8080 or [::1]:8080")
        }
        let status = try ask(address, host: options["--host"] ?? text)
        guard status == 200 else { throw Illness(description: "/health answered \(status)") }
        return .success
    }

    /// The status of the answer.
    private static func ask(_ address: SocketAddress, host: String) throws -> Int {
        let codec = HTTP1Codec(
            role: .client, limits: CodecLimits(), heads: HeadPool(), isSecure: false)
        var output = request(codec, host: host)
        var input = ByteBuffer()
        let socket = try Socket.connect(to: address)
        let poller = try Poller()
        try poller.watch(socket.descriptor, token: 0)
        let deadline = Moment.now().monotonic.advanced(milliseconds: patienceMilliseconds)
        while true {
            let now = Moment.now().monotonic
            guard now < deadline else { throw Illness(description: "no answer in time") }
            _ = poller.wait(milliseconds: Int32(clamping: deadline.since(now) / 1_000_000 + 1))
            if let fault = socket.pendingFault { throw fault }
            if case .wrote(let count) = socket.write(output.bytes) { output.consume(count) }
            switch socket.read(into: &input, atMost: 65_536) {
            case .bytes: input.consume(codec.receive(input.bytes, at: now))
            case .wouldBlock: break
            case .endOfFile, .failed: codec.receivedEndOfFile()
            }
            if let status = try status(codec) { return status }
        }
    }

    private static func request(_ codec: HTTP1Codec, host: String) -> ByteBuffer {
        let head = Head()
        head.method = .get
        head.target.append("/health")
        head.authority.append(utf8: host)
        _ = codec.open(head, isEnd: true)
        var output = ByteBuffer()
        _ = codec.write(into: &output, limit: .max)
        return output
    }

    /// nil: the head has not come yet.
    private static func status(_ codec: HTTP1Codec) throws -> Int? {
        while let event = codec.nextEvent() {
            switch event {
            case .head(_, let head, _): return head.status
            case .reset, .refused, .failed: throw Illness(description: "no answer but a break")
            default: continue
            }
        }
        return nil
    }
}
