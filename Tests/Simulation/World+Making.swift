import HTTP

/// Requests and answers by chance.
extension World {
    func makeRequest() -> Request {
        let route = random.pick(Request.Route.allCases + [.chat, .upload, .upload, .fetch])
        let key =
            random.isLucky(1, in: 4)
            ? random.pick(Request.Key.allCases) : random.pick([.good, .good, .limited, .bound])
        let size = random.pick([0, 1, 300, 3_000, 9_000, 25_000])
        let isValid = !random.isLucky(1, in: 8)
        let isForbidden = random.isLucky(1, in: 4)
        let number = requests.count
        let model = isForbidden ? "other" : "allowed"
        let body: [UInt8]?
        var method = Method.get
        switch route {
        case .chat:
            method = .post
            body = Payload.json(number, size, model: model, isValid: isValid)
        case .upload:
            method = .post
            body = size == 0 && random.isLucky(1, in: 2) ? nil : Payload.plain(number, size)
        case .listing:
            method = random.pick([.get, .post])
            body = random.isLucky(1, in: 3) ? Payload.plain(number, size) : nil
        case .fetch:
            method = random.pick([.get, .get, .head, .delete])
            body = nil
        case .health, .unknown: body = nil
        }
        return Request(
            number, route, key, method, body: body,
            declaresLength: body != nil && random.isLucky(1, in: 2), isValidJSON: isValid,
            namesForbiddenModel: isForbidden)
    }

    func makeProbe(_ size: Int) -> Request {
        let body = Payload.plain(requests.count, size)
        let probe = Request(
            requests.count, .upload, .good, .post, body: body, declaresLength: true)
        probe.isProbe = true
        return probe
    }

    /// An attempt whose answer is a villain's, so short that it fits into any window.
    func makeVictim(_ request: Request) -> Attempt {
        let isEventStream = random.isLucky(1, in: 3)
        let number = request.number &+ 100 &* (request.attempts.count + 1)
        let size = random.pick([1, 300, 1_500])
        return Attempt(
            request, moment: random.pick([.atHead, .atEnd, .atEnd, .later]), status: 200,
            body: isEventStream ? Payload.events(number, size) : Payload.plain(number, size),
            declaresLength: false, isEventStream: isEventStream, fate: .whole)
    }

    func makeAttempt(_ request: Request) -> Attempt {
        if request.isProbe {
            return Attempt(
                request, moment: .atEnd, status: 200, body: request.body ?? [],
                declaresLength: false, isEventStream: false, fate: .whole)
        }
        let isEventStream = random.isLucky(1, in: 3)
        let size = random.pick([0, 1, 700, 5_000, 20_000, 60_000])
        let number = request.number &+ 100 &* (request.attempts.count + 1)
        let fate: Attempt.Fate =
            scenario.hasUpstreamTrouble && random.isLucky(1, in: 4)
            ? random.pick([.reset, .breaksOff]) : .whole
        return Attempt(
            request, moment: random.pick([.atHead, .atEnd, .atEnd, .later]),
            status: isEventStream ? 200 : random.pick([200, 200, 200, 201, 204, 404, 500, 503]),
            body: isEventStream ? Payload.events(number, size) : Payload.plain(number, size),
            declaresLength: !isEventStream && random.isLucky(1, in: 2),
            isEventStream: isEventStream, fate: fate)
    }
}
