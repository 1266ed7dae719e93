import HTTP
import HTTP2
import Kernel

/// What speaks with the gateway at the other end of a line, in the opposite role of our codecs.
class Peer {
    let line: Line
    let codec: any Codec
    let isHTTP2: Bool
    let heads = HeadPool()
    unowned let world: World
    private var inbound = ByteBuffer()
    private var output = ByteBuffer()
    /// In the order in which they began.
    private(set) var talks: [Talk] = []
    /// Reads nothing from the line.
    var isStalled = false
    /// Puts nothing on the line.
    var isMute = false
    /// Gives no credit for body bytes.
    var isLazy = false
    /// It broke the rules: whatever the gateway does with it is right.
    var isPoisoned = false
    /// It leaves behind what it still has to say.
    var isLeaving = false
    /// Its connection carries nothing any more.
    private(set) var isGone = false

    init(_ role: Role, _ line: Line, isHTTP2: Bool, limits: CodecLimits, world: World) {
        self.line = line
        self.isHTTP2 = isHTTP2
        self.world = world
        codec =
            isHTTP2
            ? HTTP2Codec(role: role, limits: limits, heads: heads, isSecure: false)!
            : HTTP1Codec(role: role, limits: limits, heads: heads, isSecure: false)
    }

    /// It neither left nor was left.
    var isPresent: Bool { !isGone && !line.hasPeerEnded && !line.isBroken }
    /// Nothing waits to be put on the line.
    var hasSaidAll: Bool {
        output.isEmpty && !codec.hasOutput && !talks.contains(where: \.isSending)
    }

    var openTalks: [Talk] { talks.filter { !$0.isOver } }

    func add(_ talk: Talk) { talks.append(talk) }

    func find(_ stream: StreamID) -> Talk? { talks.last { $0.stream == stream } }

    // What a subclass knows about its side.
    func received(_ head: Head, on stream: StreamID, isEnd: Bool) {}
    func received(_ bytes: Span<UInt8>, of talk: Talk) {}
    func receivedEnd(of talk: Talk) {}
    func receivedInterim(on stream: StreamID) {}
    /// The stream is over, in order or not.
    func ended(_ talk: Talk, isUnprocessed: Bool) {}
    func sentEnd(of talk: Talk) {}

    // MARK: Working

    /// Reads, thinks and writes once, at most `stride` bytes each way. Returns whether anything
    /// moved.
    func work(_ stride: Int) -> Bool {
        guard !isGone else { return false }
        var hasMoved = read(stride)
        handleEvents()
        sendOn()
        hasMoved = write(stride) || hasMoved
        handleEvents()
        leaveWhenFinished()
        return hasMoved
    }

    private func read(_ stride: Int) -> Bool {
        if line.isBroken { return lost() }
        guard !isStalled else { return false }
        var hasMoved = false
        let wasFull = line.leaving.count >= line.capacity
        let count = min(stride, line.leaving.count)
        if count > 0 {
            inbound.append(0..<count, of: line.leaving)
            line.leaving.consume(count)
            if wasFull { line.isNewlyWritable = true }
            hasMoved = true
        }
        if !inbound.isEmpty {
            let taken = inbound.withBytes { codec.receive($0, at: world.now.monotonic) }
            handleEvents()
            inbound.consume(taken)
            if taken > 0 { hasMoved = true }
        }
        if line.hasGatewayEnded, line.leaving.isEmpty {
            codec.receivedEndOfFile()
            handleEvents()
            return lost()
        }
        return hasMoved
    }

    /// Nothing will come of this connection any more.
    private func lost() -> Bool {
        isGone = true
        for talk in talks { over(talk) }
        line.endByPeer()
        return true
    }

    private func write(_ stride: Int) -> Bool {
        let room = min(line.capacity - line.arriving.count, stride)
        guard room > 0, !isMute, !line.hasPeerEnded, !line.isBroken, !isGone else { return false }
        if output.isEmpty, !isLeaving { _ = codec.write(into: &output, limit: stride) }
        let count = min(room, output.count)
        guard count > 0 else { return false }
        line.arriving.append(0..<count, of: output)
        output.consume(count)
        line.isNewlyReadable = true
        return true
    }

    /// Puts bytes on the line that no codec would say.
    func pollute(_ bytes: [UInt8]) {
        isPoisoned = true
        line.arriving.append(bytes)
        line.isNewlyReadable = true
    }

    /// Puts bytes behind what it is saying that no codec would say.
    func say(_ bytes: [UInt8]) {
        _ = codec.write(into: &output, limit: .max)
        output.append(bytes)
    }

    /// Nothing of what it said by hand is under way.
    var isHeard: Bool { output.isEmpty && line.arriving.isEmpty }

    private func leaveWhenFinished() {
        let isFinished = codec.isFinished && !codec.hasOutput
        if !isGone, isFinished || isLeaving, output.isEmpty, !isMute { line.endByPeer() }
    }

    private func sendOn() {
        for talk in talks where talk.isSending && !talk.isOver {
            let outgoing = talk.outgoing
            let end = min(outgoing.count, talk.allowed)
            while talk.sent < end, codec.pendingBytes(of: talk.stream) < 16_384 {
                let next = min(end, talk.sent + 4_096)
                codec.send(outgoing.span.extracting(talk.sent..<next), on: talk.stream)
                talk.sent = next
                noteSent(talk)
            }
            guard talk.sent == talk.outgoing.count, talk.allowed >= talk.sent else { continue }
            codec.sendEnd(on: talk.stream, trailers: nil)
            talk.isSending = false
            sentEnd(of: talk)
        }
    }

    private func noteSent(_ talk: Talk) {
        if let attempt = talk.attempt {
            attempt.sent = talk.sent
        } else {
            talk.request.sent = talk.sent
        }
    }

    func reset(_ talk: Talk, _ reason: ResetReason) {
        talk.isSending = false
        codec.reset(talk.stream, reason)
        codec.credit(talk.owed, on: talk.stream)
        talk.owed = 0
        over(talk)
    }

    func catchUp() {
        isLazy = false
        for talk in talks where talk.owed > 0 {
            codec.credit(talk.owed, on: talk.stream)
            talk.owed = 0
        }
    }

    // MARK: Events

    private func handleEvents() {
        while let event = codec.nextEvent() { handle(event) }
    }

    private func handle(_ event: CodecEvent) {
        switch event {
        case .head(let stream, let head, let isEnd):
            received(head, on: stream, isEnd: isEnd)
            heads.giveBack(head)
            if isEnd { ended(stream) }
        case .body(let stream, let range): body(stream, range)
        case .end(let stream, _): ended(stream)
        case .reset(let stream, _, let isUnprocessed):
            if let talk = find(stream) { over(talk, isUnprocessed: isUnprocessed) }
        case .refused(let stream, let fault):
            if !isPoisoned { world.fault("the gateway spoke badly on \(stream): \(fault)") }
        case .closed(let stream): if let talk = find(stream) { over(talk) }
        case .failed(let reason):
            let text = "\(reason)"
            world.trace.mix(Array(text.utf8))
            let isEnding = text.hasPrefix("end of file") || text.hasPrefix("the peer closed")
            if !isEnding, !isPoisoned { world.fault("the gateway spoke badly: \(text)") }
            for talk in openTalks { over(talk) }
        case .interim(let stream, let head):
            heads.giveBack(head)
            receivedInterim(on: stream)
        case .drained, .goingAway: break
        }
    }

    private func body(_ stream: StreamID, _ range: Range<Int>) {
        guard let talk = find(stream) else {
            codec.credit(range.count, on: stream)
            return
        }
        inbound.withSlice(range) { received($0, of: talk) }
        if isLazy {
            talk.owed += range.count
        } else {
            codec.credit(range.count, on: stream)
        }
    }

    private func ended(_ stream: StreamID) {
        guard let talk = find(stream), !talk.hasReceivedEnd else { return }
        talk.hasReceivedEnd = true
        receivedEnd(of: talk)
    }

    private func over(_ talk: Talk, isUnprocessed: Bool = false) {
        guard !talk.isOver else { return }
        talk.isOver = true
        talk.isSending = false
        ended(talk, isUnprocessed: isUnprocessed)
    }
}
