@testable import Errors
import Kernel
import Testing

/// What holds of every dialect.
@Suite("Every dialect")
struct DialectTests {
    static func quotas() -> [GatewayError] {
        var errors: [GatewayError] = []
        for subject in QuotaFacts.Subject.allCases {
            for unit in QuotaFacts.Unit.allCases {
                for window in QuotaFacts.Window.allCases {
                    for tier in [nil, "pro"] {
                        let facts = QuotaFacts(
                            tier: tier, subject: subject, unit: unit, window: window, limit: 7,
                            used: 8, resetMilliseconds: 9)
                        errors.append(.quotaExceeded(facts))
                    }
                }
            }
        }
        return errors
    }

    /// Every value of every case that could be worded in a way of its own.
    static let variants: [GatewayError] =
        GatewayError.examples + quotas()
        + CredentialFault.allCases.map { .malformedCredential($0) }
        + UpstreamFailure.kinds.map { .upstreamFailed($0) }
        + KillLevel.allCases.map { .killed($0) }
        + LimitWindow.allCases.map { .rateLimited($0, retryAfterMilliseconds: 1) }
        + [
            .overloaded(retryAfterSeconds: 60), .bodyTooLarge(limitBytes: 512),
            .invalidToken("expired_key"), .malformedRequest("x"),
            .insufficientScope(need: "other:write"),
        ]

    @Test("renders a body once only if all errors of its number read so", arguments: Dialect.all)
    func numbers(dialect: Dialect) {
        for error in Self.variants {
            let wording = dialect.wording(of: error)
            var fresh = ByteBuffer()
            dialect.write(wording, into: &fresh)
            #expect(body(error, in: dialect) == fresh.text, "\(error)")
        }
    }

    @Test("answers a request that was refused with a status that says so", arguments: Dialect.all)
    func statuses(dialect: Dialect) {
        for error in Self.variants {
            let status = dialect.status(of: error)
            #expect((400...504).contains(status), "\(error)")
            let isOurs: Bool =
                switch error {
                case .overloaded, .upstreamFailed, .internalError, .authorityUnavailable: true
                default: false
                }
            #expect((status >= 500) == isOurs, "\(error)")
        }
    }

    @Test("says who may come in with a 401 or a 407, and with nothing else", arguments: Dialect.all)
    func challenges(dialect: Dialect) {
        for error in Self.variants {
            let name = dialect.field(of: error)?.name.description
            switch dialect.status(of: error) {
            case 401: #expect(name == "www-authenticate")
            case 407: #expect(name == "proxy-authenticate")
            default: #expect(name == nil || name == "x-should-retry")
            }
        }
    }

    @Test("escapes and bounds what others wrote", arguments: Dialect.all)
    func hostile(dialect: Dialect) {
        let text = "\"}\n\u{2028}" + String(repeating: "x", count: 5_000)
        let facts = QuotaFacts(
            tier: text, subject: .user, unit: .tokens, window: .day, limit: 1, used: .max,
            resetMilliseconds: .min)
        let errors: [GatewayError] = [
            .insufficientScope(need: text), .quotaExceeded(facts),
            .unknownRoute(method: text.utf8.span, path: text.utf8.span),
        ]
        for error in errors {
            let body = body(error, in: dialect)
            #expect(body.utf8.count < 2_500)
            #expect(!body.contains("\n") && !body.contains("\u{2028}"))
            #expect(!body.contains("\"}x"))
        }
    }

    @Test("never repeats a key, a token or a reason of the log", arguments: Dialect.all)
    func silence(dialect: Dialect) {
        let errors: [GatewayError] = [
            .invalidToken("the-reason"), .malformedRequest("the-reason"),
        ]
        for error in errors { #expect(!body(error, in: dialect).contains("the-reason")) }
    }
}
