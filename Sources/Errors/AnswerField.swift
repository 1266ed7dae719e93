/// A field that the answer to an error carries because of what a dialect makes of it.
public struct AnswerField: Equatable, Sendable {
    /// In lower case.
    public let name: StaticString
    public let value: StaticString

    init(_ name: StaticString, _ value: StaticString) {
        self.name = name
        self.value = value
    }

    /// What every 401 must carry (RFC 9110 section 15.5.2).
    static let bearerChallenge = AnswerField("www-authenticate", "Bearer")
    /// What every 407 must carry (section 15.5.8).
    static let proxyChallenge = AnswerField(
        "proxy-authenticate", "Basic realm=\"OneCLI Gateway\"")
    static let doNotRetry = AnswerField("x-should-retry", "false")

    public static func == (a: AnswerField, b: AnswerField) -> Bool {
        a.name.description == b.name.description && a.value.description == b.value.description
    }
}
