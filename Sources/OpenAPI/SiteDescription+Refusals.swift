import Errors
import Kernel

/// What the gateway refuses, as its catalogue of errors has it.
extension SiteDescription {
    func node(of refusal: Response.Refusal) -> JSONNode {
        let codes = refusal.codes.map { "`\($0)`" }.joined(separator: ", ")
        let others = refusal.mayBeUpstreams ? ", or by the upstream in its words" : ""
        let tellsWhenToCome = [429, 502, 503].contains(refusal.status)
        let strict = schema(of: refusal.codes)
        let content: JSONNode = .members([
            "schema": refusal.mayBeUpstreams
                ? ["anyOf": [strict, ["description": "The upstream's own."]]] : strict,
            "examples": examples(of: refusal),
        ])
        return answer(
            "Refused: \(codes)\(others).",
            .governed + (tellsWhenToCome ? ResponseHeader.retry : []),
            refusal.mayBeUpstreams
                ? ["application/json": content, "*/*": [:]] : ["application/json": content])
    }

    /// The envelope with one of these codes.
    private func schema(of codes: [String]) -> JSONNode {
        let code: JSONNode = ["enum": .array(codes.map { .string($0) })]
        return [
            "allOf": [
                .reference("schemas", "ErrorEnvelope"),
                ["properties": ["error": ["properties": ["code": code]]]],
            ]
        ]
    }

    /// Each error of the refusal as it is worded, where that does not depend on the request.
    private func examples(of refusal: Response.Refusal) -> JSONNode? {
        var known: Set<String> = []
        let bodies: [(name: String, value: JSONNode)] = refusal.errors.compactMap { error in
            guard let body = body(of: error, refusal), known.insert(body).inserted else {
                return nil
            }
            return (exampleName(of: error), ["value": .written(Array(body.utf8))])
        }
        return bodies.isEmpty ? nil : .object(bodies)
    }

    private func exampleName(of error: GatewayError) -> String {
        let facts = error.facts
        let reason = facts.logReason.description
        return facts.status == 429 && !reason.isEmpty
            ? "\(facts.logCode).\(reason)" : facts.logCode.description
    }

    private func body(of error: GatewayError, _ refusal: Response.Refusal) -> String? {
        var worded = error
        if case .routeNotFound = error { return nil }
        if case .bodyTooLarge = error, let limit = refusal.bodyLimit {
            worded = .bodyTooLarge(limitBytes: limit)
        }
        var body = ByteBuffer()
        dialect.write(worded, into: &body)
        return body.text
    }
}
