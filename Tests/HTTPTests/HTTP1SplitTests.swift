import HTTP
import Kernel
import Testing

/// The same bytes mean the same, however they are cut.
@Suite("HTTP/1.1 in pieces")
struct HTTP1SplitTests {
    static let requests: [String] =
        HTTP1RequestTests.accepted.map(\.input) + HTTP1RequestTests.malformedHeads
        + HTTP1RequestTests.malformedChunks.prefix(29).map {
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + $0
        }

    static let responses: [String] =
        HTTP1ResponseTests.accepted.filter { $0.method == .get }.map(\.input)
        + HTTP1ResponseTests.refused
        + HTTP1RequestTests.malformedChunks.prefix(29).map {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + $0
        }

    private struct Outcome: Equatable {
        var words: [String]
        var output: [UInt8]
        var retained: Int
        var isFinished: Bool
        var uncredited: Int
    }

    private func run(_ role: Role, _ pieces: [ArraySlice<UInt8>]) -> Outcome {
        let peer = role == .server ? TestPeer(.server) : TestPeer.client()
        for piece in pieces { peer.receive(piece) }
        return Outcome(
            words: peer.words, output: peer.output, retained: peer.retained.count,
            isFinished: peer.codec.isFinished, uncredited: peer.codec.uncreditedBytes)
    }

    private func check(_ role: Role, _ input: [UInt8]) {
        let whole = run(role, [input[...]])
        #expect(whole == run(role, input.indices.map { input[$0...$0] }))
        for cut in 1..<max(1, input.count) {
            #expect(whole == run(role, [input[..<cut], input[cut...]]), "cut at \(cut)")
        }
    }

    @Test("requests split at every byte", arguments: requests)
    func splitRequests(_ input: String) {
        check(.server, bytes(input + "GET /next HTTP/1.1\r\nHost: b\r\n\r\n"))
    }

    @Test("responses split at every byte", arguments: responses)
    func splitResponses(_ input: String) {
        check(.client, bytes(input))
    }
}
