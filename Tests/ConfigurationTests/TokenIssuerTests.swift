import Configuration
import Testing

@Suite struct TokenIssuerTests {
    private static let rest = "issuers: [i], audiences: [a]"

    private func problems(_ issuer: String) -> [String] {
        Sample.problems(Sample.minimal + "\ntokenIssuers: [{name: t, \(issuer)}]").map {
            $0.split(separator: ": ", maxSplits: 1)[1].description
        }
    }

    static let refusals: [(String, String)] = [
        ("\(rest)", "exactly one of jwksFile, jwksUrl and discoveryUrl is needed"),
        (
            "\(rest), jwksUrl: \"https://h/k\", discoveryUrl: \"https://h/d\"",
            "exactly one of jwksFile, jwksUrl and discoveryUrl is needed"
        ),
        (
            "\(rest), jwksUrl: \"https://h/k\", algorithms: [HS256]",
            "HS256 needs secrets, which are read from a jwksFile only"
        ),
        (
            "\(rest), jwksUrl: \"https://h/k\", leewaySeconds: 61",
            "expected whole number, 0 to 60, not \"61\""
        ),
        (
            "\(rest), jwksUrl: \"https://h/k\", maxTokenBytes: 8193",
            "expected whole number, 256 to 8192, not \"8193\""
        ),
        ("issuers: [i], jwksUrl: \"https://h/k\"", "\"audiences\" is missing"),
        (
            "issuers: [], audiences: [a], jwksUrl: \"https://h/k\"",
            "expected at least one entry"
        ),
        (
            "\(rest), jwksUrl: \"ftp://h/k\"",
            "expected `http://` or `https://` URL, not \"ftp://h/k\""
        ),
    ]

    @Test("A token issuer that nobody could believe is refused", arguments: refusals)
    func refused(issuer: String, problem: String) {
        #expect(problems(issuer) == [problem])
    }

    @Test("Issuers of one site whose tokens could not be told apart are refused")
    func twins() {
        func problems(_ sites: String) -> [String] {
            let issuers = ["a", "b"].map {
                "{name: \($0), issuers: [i, \($0)], audiences: [x], jwksUrl: \"https://h/k\"}"
            }
            let site = "credentials: token, tokenIssuer: \(sites)}"
            let text = Sample.minimal.replacing("upstream: up}", with: "upstream: up, " + site)
            return Sample.problems(
                text + "\ntokenIssuers: [\(issuers.joined(separator: ", "))]"
            ).map { $0.split(separator: ": ", maxSplits: 1)[1].description }
        }
        #expect(problems("a") == [])
        #expect(problems("[b]") == [])
        #expect(problems("[a, b]") == ["token issuers a and b both stand for \"i\""])
        #expect(problems("[b, b]").count == 2)
    }

    @Test("A token issuer is read with everything it says")
    func good() {
        #expect(problems("\(Self.rest), jwksUrl: \"https://h:8443/k?p=a/b\"") == [])
        #expect(
            problems("\(Self.rest), discoveryUrl: \"http://[::1]:1/d\", claims: {role: none}") == []
        )
        #expect(problems("\(Self.rest), jwksUrl: \"https://h/k\", algorithms: [EdDSA]") == [])
    }

    @Test(
        "The URL of a document is taken apart and put together again",
        arguments: [
            ("https://h", "https://h/"), ("https://h/a?b=c", "https://h/a?b=c"),
            ("http://h:81?x", "http://h:81/?x"), ("https://h:443//", "https://h//"),
        ])
    func urls(text: String, again: String) {
        #expect(DocumentURL(text)?.description == again)
    }

    @Test(
        "What is no URL of a document is refused",
        arguments: [
            "", "h", "https://", "https://u@h/", "https://h/#f", "https://h/ x", "file:///a",
            "https://h:0/", "https://h/" + String(repeating: "a", count: 2_048),
        ])
    func noURLs(text: String) { #expect(DocumentURL(text) == nil) }
}
