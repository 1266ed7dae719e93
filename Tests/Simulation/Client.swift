import HTTP
import Kernel

/// A client: sends requests and compares what it gets with what the upstreams said.
final class Client: Peer {
    /// Asks for one thing; false when the connection takes no request now.
    func send(_ request: Request, pausingAt pause: Int?, expectsContinue: Bool) -> Bool {
        let head = heads.take()
        defer { heads.giveBack(head) }
        head.method = request.method
        head.target.append(utf8: request.target)
        head.authority.append("gateway")
        if request.key != .missing {
            head.fields.append(name: "authorization", "Bearer sk-\(request.key.rawValue)")
        }
        head.fields.append(name: "x-request-id", "sim-\(request.number)")
        if expectsContinue { head.fields.append(name: "expect", "100-continue") }
        if request.declaresLength { head.contentLength = request.body?.count }
        guard let stream = codec.open(head, isEnd: request.body == nil) else { return false }
        let talk = Talk(stream, request)
        if let body = request.body {
            talk.outgoing = body
            talk.isSending = true
            if let pause { talk.allowed = min(pause, body.count) }
        }
        add(talk)
        return true
    }

    override func received(_ head: Head, on stream: StreamID, isEnd: Bool) {
        guard let talk = find(stream) else { return }
        let request = talk.request
        world.trace.note(.head, request.number, head.status)
        guard request.status == 0 else {
            world.fault("a second head for \(request.number)")
            return
        }
        request.status = head.status
        if isPoisoned { return }
        if let name = head.fields.text(of: "x-attempt") {
            request.source = request.attempts.first { $0.name == name }
            guard let source = request.source else {
                guard request.attempts.contains(where: \.isSpoiled) else {
                    world.fault("\(request.number) got the answer of \(name)")
                    return
                }
                request.isSpoiled = true
                return
            }
            world.judgeRelayed(request, head, source)
        } else {
            world.judgeOwn(request, head)
        }
    }

    override func received(_ bytes: Span<UInt8>, of talk: Talk) {
        let request = talk.request
        if isPoisoned { return }
        if talk.hasReceivedEnd { world.fault("bytes behind the end of \(request.number)") }
        let known = request.source?.body ?? []
        // Behind the first byte of its own the gateway says nothing of the upstream's.
        let isRelayed = request.extra.isEmpty
        let end = isRelayed ? min(request.source?.sent ?? 0, request.received + bytes.count) : 0
        var same = 0
        while request.received + same < end, known[request.received + same] == bytes[same] {
            same += 1
        }
        // An event stream may end with an event of the gateway's own.
        if same < bytes.count, let source = request.source, !source.isEventStream,
            !source.isSpoiled
        {
            world.fault("other bytes for \(request.number) at \(request.received)")
        }
        request.received += same
        var index = same
        while index < bytes.count {
            request.extra.append(bytes[index])
            index += 1
        }
    }

    override func receivedEnd(of talk: Talk) {
        talk.request.outcome = .complete
        world.trace.note(.message, talk.request.number, talk.request.received)
        if !isPoisoned { world.judgeComplete(talk.request) }
    }

    override func receivedInterim(on stream: StreamID) { find(stream)?.allowed = .max }

    override func ended(_ talk: Talk, isUnprocessed: Bool) {
        guard talk.request.outcome == .open else { return }
        talk.request.outcome = .broken
        world.trace.note(.broken, talk.request.number)
        talk.request.isUnprocessed = isUnprocessed
        world.judgeBroken(talk.request, on: self)
    }
}

extension Fields {
    mutating func append(name: String, _ value: String) {
        append(name: name.utf8.span, value: value.utf8.span)
    }

    /// The value of the first field of that name.
    func text(of name: String) -> String? {
        for index in 0..<count where self.name(at: index).text == name {
            return value(at: index).text
        }
        return nil
    }
}
