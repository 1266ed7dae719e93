import Policies
import Testing

@Suite("A discovery document")
struct DiscoveryDocumentTests {
    private func read(_ text: String) -> DiscoveryDocument? {
        DiscoveryDocument(text.utf8.span)
    }

    @Test("names the issuer and where its keys are")
    func members() {
        let text = #"{"issuer":"https:\/\/i.example","jwks_uri":"https://i.example/k?p=1","x":[]}"#
        #expect(read(text)?.issuer == Array("https://i.example".utf8))
        #expect(read(text)?.keysURL == "https://i.example/k?p=1")
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "{}", "[]", #"{"issuer":"a"}"#, #"{"jwks_uri":"a"}"#,
            #"{"issuer":"a","jwks_uri":7}"#, #"{"issuer":"a","issuer":"b","jwks_uri":"c"}"#,
        ])
    func others(text: String) { #expect(read(text) == nil) }
}
