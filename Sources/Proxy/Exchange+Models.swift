import JSON
import Kernel
import Policies

/// The model of a request: the one it names, the one that stands in, and what it is upstream.
extension Exchange {
    /// Puts the name that the upstream is to read into the collected body, and finds who serves
    /// it. nil: the request was refused.
    ///
    /// `model` is what the client may think of as its model from here on; what the caller's key
    /// allows is that name, not the upstream's.
    func chooseModel(_ document: JSONSummary) -> JSONSummary? {
        model.append(core.probe.model)
        let standIn = standIn(for: document)
        if let standIn {
            model.removeAll()
            model.append(standIn)
        }
        if let principal, !model.withBytes({ principal.allows(model: $0) }) {
            fail(.modelNotAllowed)
            return nil
        }
        let rule = site.flatMap { site in model.withBytes { site.models.rule(for: $0) } }
        choice = rule?.draw(core.random.next())
        guard let name = choice?.target.name ?? standIn else { return document }
        return rewrite(document, model: name.span)
    }

    /// What a request gets that leaves the choice to its project or to the site.
    private func standIn(for document: JSONSummary) -> [UInt8]? {
        guard let site, let route else { return nil }
        switch document.model?.kind {
        case .string where model.withBytes({ ModelRules.isStandIn($0) }): break
        case nil where route.isAboutModel, .null where route.isAboutModel: break
        default: return nil
        }
        return addressed?.model ?? principal?.project?.model ?? site.models.standard
    }

    /// Everything but the model's name stays byte for byte as the client sent it.
    func rewrite(_ document: JSONSummary, model name: Span<UInt8>) -> JSONSummary? {
        var body = ByteBuffer(capacity: collected.count + name.count + 16)
        if let place = document.model?.range {
            body.append(0..<place.lowerBound, of: collected)
            Self.append(name, to: &body)
            body.append(place.upperBound..<collected.count, of: collected)
        } else {
            let inside = document.root.range.lowerBound + 1
            body.append(0..<inside, of: collected)
            body.append("\"model\":")
            Self.append(name, to: &body)
            if !isEmptyObject(document.root.range) { body.append(UInt8(ascii: ",")) }
            body.append(inside..<collected.count, of: collected)
        }
        let growth = max(0, body.count - collected.count)
        guard core.snapshot.bodyBudget.reserve(growth) else {
            fail(.overloaded(retryAfterSeconds: 1))
            return nil
        }
        reserved += growth
        collected = body
        return probeAgain()
    }

    private static func append(_ name: Span<UInt8>, to body: inout ByteBuffer) {
        body.append(UInt8(ascii: "\""))
        body.append(jsonEscaped: name)
        body.append(UInt8(ascii: "\""))
    }

    private func isEmptyObject(_ range: Range<Int>) -> Bool {
        collected.withSlice(range.lowerBound + 1..<range.upperBound - 1) { inside in
            var index = 0
            while index < inside.count {
                if inside[index] > 0x20 { return false }
                index += 1
            }
            return true
        }
    }

    /// Where everything stands now.
    func probeAgain() -> JSONSummary? {
        do throws(JSONFault) {
            return try check(collected)
        } catch {
            fail(.internalError)
            return nil
        }
    }
}
