import HTTP
import Kernel

/// An upstream's end of a connection: answers as the schedule decides.
final class Upstream: Peer {
    /// The schedule did something to its connection.
    private var isHarmed = false

    /// It has said that it does nothing for anybody.
    var hasRefusedAll = false
    /// It answers with something else.
    var isVillain = false

    func harm() {
        isHarmed = true
        for talk in talks { talk.attempt?.isHarmed = true }
        world.troubles += 1
    }

    override func received(_ head: Head, on stream: StreamID, isEnd: Bool) {
        let target = head.target.text
        guard let number = Request.number(in: target), let request = world.request(number),
            target == request.target, head.method == request.method
        else {
            world.fault("an upstream got \(target), which nobody asked for")
            return
        }
        world.trace.note(.upstreamHead, number, line.ordinal)
        if let attack = request.attack {
            world.judgeForwarded(attack, head)
        } else {
            world.judgeForwarded(request, head, isRefused: hasRefusedAll)
        }
        let isVictim = isVillain && request.method != .head && request.attack == nil
        let attempt = isVictim ? world.makeVictim(request) : world.makeAttempt(request)
        attempt.isSpoiled = isPoisoned && !isVillain
        attempt.isHarmed = isHarmed || isPoisoned
        attempt.isRefused = hasRefusedAll
        request.attempts.append(attempt)
        add(Talk(stream, request, attempt))
        if attempt.moment == .atHead { answer(attempt) }
    }

    override func received(_ bytes: Span<UInt8>, of talk: Talk) {
        guard let attempt = talk.attempt, !talk.request.isSpoiled else { return }
        let body = talk.request.body ?? []
        let end = attempt.received + bytes.count
        guard !talk.hasReceivedEnd, end <= talk.request.sent,
            bytes.equals(body.span.extracting(attempt.received..<end))
        else {
            world.fault("an upstream got other bytes of \(talk.request.number)")
            return
        }
        attempt.received = end
    }

    override func receivedEnd(of talk: Talk) {
        guard let attempt = talk.attempt else { return }
        attempt.hasRequestEnded = true
        world.trace.note(.upstreamEnd, talk.request.number, attempt.received)
        if let attack = talk.request.attack, attack.reach != .whole {
            world.fault("\(attack.name): an upstream got the end of a request")
        }
        let isEmpty = talk.request.route == .listing || talk.request.body == nil
        let whole = isEmpty ? 0 : talk.request.body?.count ?? 0
        if attempt.received != whole, !talk.request.isSpoiled {
            world.fault("an upstream got a part of \(talk.request.number) as the whole")
        }
        if attempt.moment == .atEnd { answer(attempt) }
    }

    override func ended(_ talk: Talk, isUnprocessed: Bool) {
        guard let attempt = talk.attempt else { return }
        attempt.isOver = true
        world.trace.note(.upstreamBroken, talk.request.number)
        world.judgeAbandoned(talk.request, attempt)
    }

    override func sentEnd(of talk: Talk) { talk.attempt?.hasSentEnd = true }

    /// Begins the answer.
    func answer(_ attempt: Attempt) {
        guard let talk = talks.last(where: { $0.attempt === attempt }), !talk.isOver,
            !attempt.hasAnswered
        else { return }
        attempt.hasAnswered = true
        if isVillain, attempt.request.method != .head, attempt.request.attack == nil {
            strike(talk, attempt)
            return
        }
        world.trace.note(.answer, attempt.request.number, attempt.status)
        let head = heads.take()
        defer { heads.giveBack(head) }
        head.status = attempt.status
        let isBodiless = attempt.request.method == .head || attempt.status == 204
        if attempt.declaresLength, attempt.status != 204 {
            head.contentLength = attempt.body.count
        }
        let type = attempt.isEventStream ? "text/event-stream" : "text/plain"
        head.fields.append(name: "content-type", type)
        head.fields.append(name: "x-attempt", attempt.name)
        codec.respond(head, on: talk.stream, isEnd: isBodiless)
        if isBodiless {
            attempt.hasSentEnd = true
            return
        }
        talk.outgoing = attempt.body
        talk.isSending = true
        if attempt.fate != .whole { talk.allowed = attempt.body.count / 2 }
    }

    /// What was to go wrong with an answer goes wrong.
    func meetFate(of talk: Talk) {
        guard let attempt = talk.attempt, !talk.isOver, attempt.hasAnswered,
            attempt.fate != .whole
        else { return }
        attempt.isBroken = true
        if attempt.fate == .reset, isHTTP2 {
            world.troubles += 1
            reset(talk, .internalError)
        } else {
            harm()
            line.breakOff()
        }
    }

    /// Says that nothing was done for the request (HTTP/2).
    func refuse(_ talk: Talk) {
        guard isHTTP2, let attempt = talk.attempt, !attempt.hasAnswered else { return }
        attempt.isRefused = true
        world.troubles += 1
        reset(talk, .refusedStream)
    }
}
