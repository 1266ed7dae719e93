import Configuration
import Testing

@Suite struct PresetTests {
    /// `METHOD path body` of every route.
    private func lines(_ preset: RoutePreset) -> Set<String> {
        Set(
            preset.routes.flatMap { route in
                route.methods.map { "\($0) \(route.path) \(route.body.rawValue)" }
            })
    }

    @Test("no preset routes a method of a path twice", arguments: RoutePreset.allCases)
    func unique(preset: RoutePreset) {
        #expect(lines(preset).count == preset.routes.reduce(0) { $0 + $1.methods.count })
    }

    @Test("the BVE preset has exactly the published routes")
    func bve() {
        var expected: Set<String> = [
            "GET /health none", "GET /openapi.json none", "GET /v1/models none",
            "GET /v1/models/{model} none",
            "POST /v1/chat/completions json", "POST /v1/completions json",
            "POST /v1/embeddings json",
            "POST /v1/responses json", "POST /v1/messages json", "POST /v1/audio/speech json",
            "POST /v1/audio/transcriptions stream", "POST /v1/images/generations json",
            "POST /v1/images/edits stream",
        ]
        for tree in ["files", "assistants", "threads", "vector_stores"] {
            for method in ["GET", "POST", "DELETE"] {
                expected.insert("\(method) /v1/\(tree)/** stream")
            }
        }
        #expect(lines(.bve) == expected)
    }

    @Test("the OpenAI preset has every route of BVE's, and forwards legacy completions")
    func openai() {
        #expect(lines(.openai).isSuperset(of: lines(.bve)))
        #expect(RoutePreset.openai.routes.allSatisfy { $0.action != .legacyCompletions })
        #expect(RoutePreset.bve.routes.contains { $0.action == .legacyCompletions })
    }

    @Test("streams of Responses and Messages word their errors their own way")
    func shapes() {
        for route in RoutePreset.openai.routes {
            let path = route.path.description
            let expected: RouteSettings.ErrorShape =
                path.hasPrefix("/v1/responses")
                ? .responses : path.hasPrefix("/v1/messages") ? .anthropic : .envelope
            #expect(route.errorShape == expected, "\(path)")
        }
    }
}
