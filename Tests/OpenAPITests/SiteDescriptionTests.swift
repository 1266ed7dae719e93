import Configuration
import Errors
import Foundation
import HTTP
import Testing

@testable import OpenAPI

@Suite("The description of a site") struct SiteDescriptionTests {
    @Test("names what the route table does with every path, where patterns overlap")
    func overlaps() throws {
        let described = try Sample.describe(
            Sample.site([
                Sample.route(["POST"], "/v1/chat", .json),
                Sample.route(["GET", "POST"], "/v1/chat/**", .stream),
                Sample.route(["GET"], "/v1/chat/{id}"),
                Sample.route(["DELETE"], "/v1/chat/{other}"),
                Sample.route(["GET"], "/**"),
            ]))
        #expect(
            Sample.table(described) == [
                "POST /v1/chat": "/v1/chat", "GET /v1/chat": "/v1/chat/**",
                "HEAD /v1/chat": "/v1/chat/**",
                "POST /v1/chat/{path}": "/v1/chat/**", "GET /v1/chat/{path}": "/v1/chat/{id}",
                "HEAD /v1/chat/{path}": "/v1/chat/{id}",
                "DELETE /v1/chat/{path}": "/v1/chat/{other}",
                "GET /{path}": "/**", "HEAD /{path}": "/**",
            ])
    }

    @Test("a tree's parameter has a name of its own")
    func treeParameter() throws {
        let pattern = try #require(PathPattern("/a/{path}/{path_}/**"))
        let templates = PathTemplate.all(for: pattern)
        #expect(templates.map(\.text) == ["/a/{path}/{path_}", "/a/{path}/{path_}/{path__}"])
        #expect(templates[1].parameters.map(\.isRest) == [false, false, true])
    }

    @Test("what the gateway answers itself needs no key and meets no upstream")
    func own() throws {
        let described = try Sample.describe(SiteSettings(dialect: .bve))
        for (path, action) in [("/health", "healthy"), ("/openapi.json", "document")] {
            let own = try #require(Sample.operation(described, .get, path))
            #expect(own.isOwn)
            #expect(own.responses.first?.name == action)
            let statuses = Set(own.responses.map(\.status)).subtracting(["200", "304"])
            #expect(statuses == ["400", "408", "414", "417", "431", "500"], "\(path)")
        }
        let models = try #require(Sample.operation(described, .get, "/v1/models"))
        #expect(
            Set(models.responses.map(\.status))
                == [
                    "2XX", "3XX", "4XX", "400", "401", "403", "408", "413", "414", "417", "429",
                    "431", "500", "502", "503",
                ])
    }

    @Test("codes stand where they can happen")
    func codes() throws {
        let described = try Sample.describe(SiteSettings(dialect: .bve))
        func codes(_ method: Method, _ path: String, _ status: Int) -> [String]? {
            Sample.operation(described, method, path)?.responses.compactMap {
                if case .refused(let refusal) = $0, refusal.status == status {
                    refusal.codes
                } else {
                    nil
                }
            }.first
        }
        #expect(codes(.post, "/v1/chat/completions", 400) == ["invalid_json", "bad_request"])
        #expect(
            codes(.post, "/v1/completions", 400)
                == ["invalid_json", "unsupported_streaming_completion", "bad_request"])
        #expect(codes(.get, "/v1/models", 400) == ["bad_request"])
        #expect(codes(.get, "/v1/models", 401) == ["missing_api_key", "invalid_api_key"])
        #expect(codes(.get, "/v1/models", 403) == ["api_key_revoked", "api_key_suspended"])
        #expect(codes(.post, "/v1/embeddings", 403)?.last == "model_not_allowed")
        #expect(codes(.post, "/v1/images/edits", 403)?.last == "model_not_allowed")
        #expect(codes(.post, "/v1/files/{path}", 403)?.last == "api_key_suspended")
        #expect(codes(.get, "/v1/models", 404) == nil)
        #expect(codes(.get, "/v1/models/{model}", 404) == ["route_not_found"])
    }

    @Test("the examples are the operation's own errors, as the dialect words them")
    func examples() throws {
        let document = try Sample.Parsed(
            try Sample.describe(SiteSettings(dialect: .bve)).render(version: "1"))
        func messages(_ response: String) -> Set<String> {
            let path = ["components", "responses", response, "content", "application/json"]
            let examples = document[path + ["examples"]] as? [String: [String: Any]] ?? [:]
            return Set(
                examples.values.compactMap {
                    (($0["value"] as? [String: Any])?["error"] as? [String: Any])?["message"]
                        as? String
                })
        }
        #expect(
            messages("400.invalid_json.bad_request.unsupported_version.upstream") == [
                "Request body is not valid JSON", "Malformed request", "Unsupported HTTP version",
            ])
        #expect(
            messages("413.request_too_large.10485760.upstream") == ["Request body exceeds 10 MB"])
        #expect(
            messages("429.rate_limit_exceeded.process_limit_exceeded.upstream") == [
                "Rate limit exceeded: requests per minute",
                "Rate limit exceeded: requests per day", "Monthly request limit exceeded",
            ])
    }

    @Test("budgets of tokens are told of where somebody has one, with their error and their fields")
    func budgets() throws {
        func describe(_ change: (inout Configuration) -> Void) throws -> SiteDescription {
            var configuration = Configuration()
            var project = ProjectSettings()
            project.userTokensPerDay = 50_000
            var organization = OrganizationSettings()
            organization.projects = [project]
            configuration.organizations = [organization]
            change(&configuration)
            return try Sample.describe(SiteSettings(), in: .behestData, configuration)
        }
        func parts(_ description: SiteDescription) throws -> (refuses: Bool, tells: Bool) {
            let chat = try #require(
                Sample.operation(description, .post, "/v1/chat/completions"))
            let document = try Sample.Parsed(description.render(version: "1"))
            let headers = document["components", "headers"] as? [String: Any]
            return (
                chat.responses.contains { $0.status == "402" },
                headers?["x-ratelimit-limit-tokens"] != nil
            )
        }
        let limited = try parts(try describe { _ in })
        #expect(limited.refuses && limited.tells)
        let free = try parts(try describe { $0.organizations = [] })
        #expect(!free.refuses && !free.tells)
        let health = try #require(
            Sample.operation(try describe { _ in }, .get, "/health"))
        #expect(!health.responses.contains { $0.status == "402" })
    }

    @Test("every place where a credential may stand is a scheme, each enough by itself")
    func credentials() throws {
        var site = SiteSettings()
        site.credentialFields = [.xAPIKey, .apiKey]
        let document = try Sample.Parsed(try Sample.describe(site).render(version: "1"))
        let schemes = ["components", "securitySchemes"]
        for name in ["x-api-key", "api-key"] {
            let scheme = try #require(document[schemes + [name]] as? [String: String])
            #expect(scheme["type"] == "apiKey" && scheme["in"] == "header")
            #expect(scheme["name"] == name)
        }
        let security = try #require(document[["security"]] as? [[String: [String]]])
        #expect(security.map { Array($0.keys) } == [["BearerAuth"], ["x-api-key"], ["api-key"]])
        let plain = try Sample.Parsed(try Sample.describe(SiteSettings()).render(version: "1"))
        #expect((plain[schemes] as? [String: Any])?.count == 1)
    }

    @Test("a WebSocket and legacy completions are what they are")
    func special() throws {
        let openai = try Sample.describe(SiteSettings())
        let socket = try #require(Sample.operation(openai, .get, "/v1/realtime"))
        #expect(Set(socket.responses.map(\.status)).isSuperset(of: ["101", "200", "426"]))
        #expect(!socket.responses.contains(.forwarded(nil)))
        let bve = try Sample.describe(SiteSettings(dialect: .bve))
        let legacy = try #require(Sample.operation(bve, .post, "/v1/completions"))
        #expect(legacy.responses.first == .translated && !legacy.mayStream)
        let chat = try #require(Sample.operation(bve, .post, "/v1/chat/completions"))
        #expect(chat.responses.first == .forwarded(.envelope))
        let messages = try #require(Sample.operation(bve, .post, "/v1/messages"))
        #expect(messages.responses.first == .forwarded(.anthropic))
    }

    @Test("the error's schema is the dialect's", arguments: [true, false])
    func envelope(hasParam: Bool) throws {
        var site = SiteSettings()
        site.errorParam = hasParam
        let document = try Sample.Parsed(try Sample.describe(site).render(version: "1"))
        let path = ["components", "schemas", "ErrorEnvelope", "properties", "error", "required"]
        let schema = document[path] as? [String]
        #expect(schema?.contains("param") == hasParam)
        #expect(Set(schema ?? []).isSuperset(of: ["message", "type", "code"]))
    }

    @Test("every dialect describes its own envelope", arguments: Dialect.all)
    func dialects(dialect: Dialect) throws {
        let bytes = try Sample.describe(SiteSettings(), in: dialect).render(version: "1")
        let document = try Sample.Parsed(bytes)
        let schema = ["components", "schemas", "ErrorEnvelope", "properties"]
        let members = try #require(document[schema] as? [String: Any])
        let path = ["components", "responses"]
        let responses = try #require(document[path] as? [String: [String: Any]])
        for (name, response) in responses {
            let content = response["content"] as? [String: Any]
            let json = content?["application/json"] as? [String: Any]
            for case let example as [String: Any] in (json?["examples"] as? [String: Any] ?? [:])
                .values
            {
                let body = try #require(example["value"] as? [String: Any])
                #expect(Set(body.keys).isSubset(of: members.keys), "\(name)")
            }
        }
    }

    @Test("tells its version and its scheme, and no name of the operator's")
    func secrets() throws {
        var site = SiteSettings()
        site.name = "inner-name"
        site.hosts = ["secret.example"]
        site.upstream = "inner-upstream"
        site.keyPrefix = "sk-inner-"
        site.latencyHeader = "x-took"
        let bytes = try Sample.describe(site).render(version: "7.8.9")
        let document = try Sample.Parsed(bytes)
        #expect(document["openapi"] as? String == "3.1.0")
        #expect(document["info", "version"] as? String == "7.8.9")
        let scheme = document["components", "securitySchemes", "BearerAuth", "scheme"]
        #expect(scheme as? String == "bearer")
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("\"x-took\":"))
        for word in ["inner", "secret.example", "127.0.0.1", "localhost"] {
            #expect(!text.contains(word), "\(word)")
        }
    }

    @Test("every reference leads somewhere, and every component is referred to")
    func references() throws {
        for dialect in SiteSettings.Dialect.allCases {
            let site = SiteSettings(dialect: dialect)
            let bytes = try Sample.describe(site).render(version: "1")
            let document = try Sample.Parsed(bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            let used = Set(text.matches(of: #/"#\/components\/([^"]+)"/#).map { String($0.1) })
            var there: Set<String> = []
            for kind in ["schemas", "headers", "parameters", "requestBodies", "responses"] {
                let names = document["components", kind] as? [String: Any]
                for name in names?.keys.sorted() ?? [] { there.insert("\(kind)/\(name)") }
            }
            #expect(used.subtracting(there) == [], "\(dialect)")
            // What only another preset's routes need may stand unused.
            guard site.routes.contains(where: { $0.action == .openapi }) else { continue }
            let spare = there.subtracting(used)
            #expect(spare.isSubset(of: ["parameters/Model", "headers/x-upstream-request-id"]))
        }
    }

    @Test("many routes cost their number, and the same routes are the same bytes")
    func size() throws {
        func render(_ count: Int) throws -> [UInt8] {
            let routes = (0..<count).map {
                Sample.route(["GET", "POST"], "/v1/r\($0)/{id}", .json)
            }
            return try Sample.describe(Sample.site(routes)).render(version: "1")
        }
        let small = try render(100)
        let large = try render(2_000)
        #expect(small == (try render(100)))
        #expect((large.count - small.count) / 1_900 < 4_096)
    }
}
