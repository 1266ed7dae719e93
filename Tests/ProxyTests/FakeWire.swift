import Kernel

@testable import Proxy

/// Both directions of one connection in memory, with the bounds and the edges of a real socket.
final class Line {
    /// For the gateway to read.
    var arriving = ByteBuffer()
    /// What the gateway wrote and its peer has not read.
    var leaving = ByteBuffer()
    /// Bytes either direction holds.
    var capacity = 65_536
    /// The peer sends no more.
    var hasPeerEnded = false
    /// The gateway sends no more.
    var hasGatewayEnded = false
    /// The gateway has let go of its end.
    var isReleased = false
    var isBroken = false
    var connectFault: SystemFault?
    /// Where the gateway connected to.
    var address: SocketAddress?
    var token = Token(rawValue: 0)

    // What the poller would tell next.
    var isNewlyReadable = false
    var isNewlyWritable = false
    var isNewlyEnded = false

    /// The peer's `close` or crash.
    func breakOff() {
        isBroken = true
        isNewlyEnded = true
    }

    func endByPeer() {
        guard !hasPeerEnded else { return }
        hasPeerEnded = true
        isNewlyEnded = true
    }
}

/// The gateway's end of a line.
final class FakeWire: Wire {
    let line: Line

    init(_ line: Line) { self.line = line }

    deinit {
        line.isReleased = true
        line.hasGatewayEnded = true
    }

    func read(into buffer: inout ByteBuffer, atMost limit: Int) -> ReadOutcome {
        if line.isBroken { return .failed(104) }
        let count = min(limit, line.arriving.count)
        if count > 0 {
            buffer.append(0..<count, of: line.arriving)
            line.arriving.consume(count)
            return .bytes(count)
        }
        return line.hasPeerEnded ? .endOfFile : .wouldBlock
    }

    func write(_ bytes: Span<UInt8>) -> WriteOutcome {
        if line.isBroken { return .failed(32) }
        let count = min(bytes.count, line.capacity - line.leaving.count)
        if count <= 0 { return .wouldBlock }
        line.leaving.append(bytes.extracting(0..<count))
        return .wrote(count)
    }

    func shutDownWriting() { line.hasGatewayEnded = true }

    var pendingFault: SystemFault? { line.connectFault }
}

/// Where the gateway's connections to upstreams lead: to whatever the test does with the lines.
final class FakeNetwork: Network {
    var connecting: [Line] = []
    var attempts = 0
    var refuses = false
    /// Addresses where nobody listens, and where nobody ever answers.
    var refusing: Set<SocketAddress> = []
    var silent: Set<SocketAddress> = []

    func connect(to address: SocketAddress, token: Token) throws(SystemFault) -> any Wire {
        attempts += 1
        if refuses { throw SystemFault("socket", code: 24) }
        let line = Line()
        line.token = token
        line.address = address
        if refusing.contains(address) {
            line.connectFault = SystemFault("connect", code: 111)
        }
        if !silent.contains(address) { connecting.append(line) }
        return FakeWire(line)
    }
}
