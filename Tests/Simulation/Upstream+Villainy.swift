import HTTP

/// An upstream that keeps no rule.
extension Upstream {
    /// Says something else than the answer.
    func strike(_ talk: Talk, _ attempt: Attempt) {
        let villainy = world.random.pick(isHTTP2 ? Villainy.http2 : Villainy.http1)
        world.trace.note(.villainy, attempt.request.number, line.ordinal)
        world.trace.mix(Array(villainy.name.utf8))
        attempt.villainy = villainy
        isPoisoned = true
        if villainy.isRefusal { refuse(talk, isAlone: villainy.isContained) }
        if let count = villainy.bodyBytes { attempt.body = Payload.plain(line.ordinal, count) }
        switch villainy.outcome {
        case .whole:
            let others = talks.filter { $0 !== talk }
            for other in others { other.attempt?.isHarmed = true }
            attempt.hasSentEnd = true
        case .refused, .broken:
            if villainy.isContained { attempt.isHarmed = true } else { harm() }
        }
        world.troubles += 1
        attempt.sent = attempt.body.count
        let scene = Villainy.Scene(
            stream: Int(talk.stream.rawValue), name: attempt.name, body: attempt.body,
            type: attempt.isEventStream ? "text/event-stream" : "text/plain")
        say(villainy.words(scene))
        isLeaving = isLeaving || villainy.isLast
    }

    private func refuse(_ talk: Talk, isAlone: Bool) {
        talk.attempt?.isRefused = true
        guard !isAlone else { return }
        hasRefusedAll = true
        // What was answered before it is as good as any answer.
        for case let other? in openTalks.map(\.attempt) where !other.hasAnswered {
            other.isRefused = true
        }
    }

    /// It keeps the rules from now on, unless it has broken one.
    func reform() { if !isPoisoned { isVillain = false } }
}
