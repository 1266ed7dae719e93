import Kernel

/// What an error says to people. All but `fixed` depend on the request or on what refused it.
enum Sentence: Sendable {
    case fixed(StaticString)
    /// A fixed beginning, and a name behind it.
    case naming(StaticString, String)
    case bodyLimit(Int)
    case unknownRoute(method: String, path: String)
    /// OneCLI's words for the same.
    case unrecognizedURL(method: String, path: String)
    /// Behest's words for a quota that is used up: on the data plane, and at its edge.
    case exceededQuota(QuotaFacts)
    case exhaustedBudget(QuotaFacts)
    /// OneCLI's.
    case planLimit(Int)

    /// Appends the sentence as the inside of a JSON string.
    func write(into output: inout ByteBuffer) {
        switch self {
        case .fixed(let text): output.append(text)
        case .naming(let start, let name):
            output.append(start)
            output.append(name: name)
        case .bodyLimit(let bytes): Self.write(bodyLimit: bytes, into: &output)
        case .unknownRoute(let method, let path):
            output.append("Route ")
            output.append(jsonEscaped: method)
            output.append(" ")
            output.append(jsonEscaped: path)
            output.append(" not found")
        case .unrecognizedURL(let method, let path):
            output.append("Unrecognized request URL (")
            output.append(jsonEscaped: method)
            output.append(": ")
            output.append(jsonEscaped: path)
            output.append("). Please see https://onecli.sh/docs/api-reference")
            output.append(" for available endpoints.")
        case .exceededQuota(let quota): Self.write(exceeded: quota, into: &output)
        case .exhaustedBudget(let quota):
            output.append(quota.window == .day ? "Daily " : "Monthly ")
            output.append(quota.unit == .tokens ? "token" : "request")
            output.append(" budget exhausted")
        case .planLimit(let limit):
            output.append("Your plan allows ")
            output.append(decimal: limit)
            output.append(" integration calls per month.")
            output.append(" Upgrade to Pro or Team for unlimited calls.")
        }
    }

    private static func write(bodyLimit bytes: Int, into output: inout ByteBuffer) {
        output.append("Request body exceeds ")
        if bytes > 0, bytes % 1_048_576 == 0 {
            output.append(decimal: bytes / 1_048_576)
            output.append(" MB")
        } else if bytes > 0, bytes % 1_024 == 0 {
            output.append(decimal: bytes / 1_024)
            output.append(" KB")
        } else {
            output.append(decimal: bytes)
            output.append(bytes == 1 ? " byte" : " bytes")
        }
    }

    private static func write(exceeded quota: QuotaFacts, into output: inout ByteBuffer) {
        switch quota.subject {
        case .user: output.append("User")
        case .project: output.append("Project")
        case .key: output.append("API key")
        }
        output.append(" has exceeded the ")
        output.append(quota.window == .day ? "daily " : "monthly ")
        output.append(quota.unit == .tokens ? "token" : "request")
        output.append(" limit")
        if let tier = quota.tier {
            output.append(" for tier '")
            output.append(name: tier)
            output.append("'")
        }
        output.append(".")
    }
}

extension ByteBuffer {
    /// Appends a name from elsewhere as the inside of a JSON string, and not more of it than a
    /// name needs.
    mutating func append(name: String) {
        let bytes = name.utf8.span
        append(jsonEscaped: bytes.extracting(0..<min(bytes.count, 128)))
    }
}
