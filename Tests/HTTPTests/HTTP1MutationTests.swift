import Chance
import HTTP
import Kernel
import Testing

/// Random damage: nothing traps, nothing is understood in two ways.
@Suite("HTTP/1.1 mutations")
struct HTTP1MutationTests {
    private static let dictionary: [String] = [
        "\r\n", "\n", "\r", "\u{0}", " ", "\t", ":", ",", ";", "0\r\n\r\n", "5\r\n", "ffffffff",
        "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: b\r\n", "HTTP/1.0",
        "Connection: close\r\n", "Connection: host\r\n", "Expect: 100-continue\r\n", "http://a/",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n ", "Trailer: x\r\n", "\u{80}", "-", "+", "*",
    ]

    private func mutate(_ input: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = input
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let end = Int.random(in: place...min(bytes.count, place + 12), using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.removeSubrange(place..<end)
            case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 3 where place < bytes.count:
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            default:
                let word = Self.dictionary.randomElement(using: &random) ?? ""
                bytes.insert(contentsOf: HTTPTests.bytes(word), at: place)
            }
        }
        return bytes
    }

    @Test(
        "damaged bytes never trap and mean the same in one piece and in many",
        arguments: [
            Role.server, Role.client,
        ])
    func damage(_ role: Role) {
        let seed: UInt64 = 0x6a7e
        var random = SeededRandom(seed: seed)
        let corpus =
            role == .server
            ? HTTP1SplitTests.requests.map(bytes) : HTTP1SplitTests.responses.map(bytes)
        for iteration in 0..<4000 {
            guard let base = corpus.randomElement(using: &random) else { return }
            let input = mutate(base, &random)
            let whole = role == .server ? TestPeer(.server) : TestPeer.client()
            let cut = role == .server ? TestPeer(.server) : TestPeer.client()
            whole.receive(input)
            let middle = Int.random(in: 0...input.count, using: &random)
            cut.receive(input[..<middle])
            cut.receive(input[middle...])
            let comment: Comment = "seed \(seed), iteration \(iteration)"
            #expect(whole.words == cut.words, comment)
            #expect(whole.output == cut.output, comment)
            whole.receiveEndOfFile()
            #expect(whole.codec.isFinished, comment)
            #expect(whole.codec.uncreditedBytes == 0, comment)
        }
    }

    @Test("what the server role accepts, the client role says again without a change of meaning")
    func relayed() {
        let seed: UInt64 = 0x9a7e
        var random = SeededRandom(seed: seed)
        let corpus = HTTP1RequestTests.accepted.map { bytes($0.input) }
        var relayed = 0
        for iteration in 0..<4000 {
            guard let base = corpus.randomElement(using: &random) else { return }
            let relay = Relay()
            relay.receive(mutate(base, &random))
            guard relay.isComplete else { continue }
            relayed += 1
            let next = TestPeer(.server, answering: .never)
            next.receive(relay.output)
            let comment: Comment = "seed \(seed), iteration \(iteration)"
            #expect(withoutLength(next.words) == withoutLength(relay.words), comment)
            #expect(next.retained.isEmpty, comment)
            #expect(!next.codec.isFinished, comment)
        }
        #expect(relayed > 300, "seed \(seed)")
    }

    /// Content-Length may be said anew, in another place or spelling: compared is everything else.
    private func withoutLength(_ words: [String]) -> [String] {
        words.map { word in
            guard word.hasPrefix("head") else { return word }
            let end = word.hasSuffix(" END") ? " END" : ""
            return word.dropLast(end.count).split(separator: " {")
                .filter { !$0.hasPrefix("content-length") }
                .map { $0.split(separator: " length=").first ?? "" }
                .joined(separator: " {") + end
        }
    }
}

/// Passes the first request that a server codec accepts on through a client codec.
private final class Relay {
    private let pool = HeadPool()
    private let front: HTTP1Codec
    private let back: HTTP1Codec
    private(set) var words: [String] = []
    private(set) var output: [UInt8] = []
    private(set) var isComplete = false

    init() {
        front = HTTP1Codec(role: .server, limits: CodecLimits(), heads: pool, isSecure: true)
        back = HTTP1Codec(role: .client, limits: CodecLimits(), heads: pool, isSecure: true)
    }

    func receive(_ bytes: [UInt8]) {
        let input = bytes
        // Twice: the second call completes what a consumed line break left over.
        let taken = front.receive(input.span, at: Instant(nanoseconds: 0))
        pass(input)
        let rest = Array(input[taken...])
        _ = front.receive(rest.span, at: Instant(nanoseconds: 0))
        pass(rest)
        var wire = ByteBuffer()
        _ = back.write(into: &wire, limit: .max)
        output = array(wire)
    }

    private func pass(_ input: [UInt8]) {
        while let event = front.nextEvent() {
            switch event {
            case .head(let stream, let head, let isEnd):
                // A request without Host is forwarded with the upstream's name.
                if head.authority.isEmpty { head.authority.append("added") }
                if head.isHTTP10 { head.isHTTP10 = false }
                words.append("head \(stream.rawValue) \(describe(head))\(isEnd ? " END" : "")")
                _ = back.open(head, isEnd: isEnd)
                if isEnd { isComplete = true }
            case .body(let stream, let range):
                if words.last?.hasPrefix("body") != true {
                    words.append("body \(stream.rawValue) ")
                }
                words[words.count - 1] += latin1(Array(input[range]))
                back.send(input[range].span, on: stream)
            case .end(let stream, let trailers):
                words.append("end \(stream.rawValue)\(trailers.map { describe($0) } ?? "")")
                back.sendEnd(on: stream, trailers: trailers)
                isComplete = true
            default: break
            }
        }
    }
}
