import Errors
import Kernel

/// What the gateway refuses, as its catalogue of errors has it.
extension SiteDescription {
    func node(of refusal: Response.Refusal) -> JSONNode {
        let codes = refusal.codes.map { "`\($0)`" }.joined(separator: ", ")
        let others = refusal.mayBeUpstreams ? ", or by the upstream in its words" : ""
        let tellsWhenToCome = [402, 429, 502, 503].contains(refusal.status)
        let strict = schema(of: refusal)
        let content: JSONNode = .members([
            "schema": refusal.mayBeUpstreams
                ? ["anyOf": [strict, ["description": "The upstream's own."]]] : strict,
            "examples": examples(of: refusal),
        ])
        return answer(
            codes.isEmpty ? "Refused\(others)." : "Refused: \(codes)\(others).",
            .governed + (tellsWhenToCome ? ResponseHeader.retry : []),
            refusal.mayBeUpstreams
                ? ["application/json": content, "*/*": [:]] : ["application/json": content])
    }

    /// The envelope with one of its codes, if all its errors have one.
    private func schema(of refusal: Response.Refusal) -> JSONNode {
        let envelope = JSONNode.reference("schemas", "ErrorEnvelope")
        let isCoded = refusal.errors.allSatisfy { dialect.code(of: $0).utf8CodeUnitCount > 0 }
        guard isCoded, let restriction = dialect.restriction(to: refusal.codes) else {
            return envelope
        }
        return ["allOf": [envelope, restriction]]
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
        if case .rateLimited = error { return "\(facts.logCode).\(reason)" }
        return facts.logCode.description
    }

    private func body(of error: GatewayError, _ refusal: Response.Refusal) -> String? {
        var worded = error
        if case .routeNotFound = error { return nil }
        if case .bodyTooLarge = error, let limit = refusal.bodyLimit {
            worded = .bodyTooLarge(limitBytes: limit)
        }
        var body = ByteBuffer()
        dialect.write(worded, into: &body)
        return body.isEmpty ? nil : body.text
    }
}
