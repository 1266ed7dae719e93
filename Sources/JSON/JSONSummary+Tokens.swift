import Kernel

/// What a request says about the tokens of its answer.
extension JSONSummary {
    /// More is no number of tokens.
    private static let mostTokens = 1_000_000_000

    /// How many tokens the answers asked for may take together; nil where the request bounds none.
    /// Of several bounds the largest counts: which one an upstream obeys is its own affair.
    public func outputTokens(in body: Span<UInt8>) -> Int? {
        let first = Self.count(maxTokens, in: body)
        let second = Self.count(maxCompletionTokens, in: body)
        let third = Self.count(maxOutputTokens, in: body)
        guard first != nil || second != nil || third != nil else { return nil }
        let most = max(first ?? 0, second ?? 0, third ?? 0)
        return min(most * answers(in: body), Self.mostTokens)
    }

    /// How many answers are asked for.
    public func answers(in body: Span<UInt8>) -> Int { max(1, Self.count(choices, in: body) ?? 1) }

    private static func count(_ value: JSONValue?, in body: Span<UInt8>) -> Int? {
        guard let value, value.kind == .number else { return nil }
        return body.extracting(value.range).decimal.map { min($0, mostTokens) }
    }

    /// What has to stand where in the body so that a stream tells its usage; nil where it is asked
    /// for already, or where `stream_options` is nothing that could ask.
    public func usageDemand(in body: Span<UInt8>) -> (range: Range<Int>, text: StaticString)? {
        if let includeUsage {
            return includeUsage.kind == .true ? nil : (includeUsage.range, "true")
        }
        guard let streamOptions else {
            let place = root.range.lowerBound + 1
            return (place..<place, "\"stream_options\":{\"include_usage\":true},")
        }
        switch streamOptions.kind {
        case .null: return (streamOptions.range, "{\"include_usage\":true}")
        case .object:
            let place = streamOptions.range.lowerBound + 1
            let inside = body.extracting(place..<streamOptions.range.upperBound - 1)
            return (
                place..<place,
                inside.isBlank ? "\"include_usage\":true" : "\"include_usage\":true,"
            )
        default: return nil
        }
    }
}

extension Span<UInt8> {
    /// Nothing but white space of JSON.
    fileprivate var isBlank: Bool {
        for index in indices {
            switch self[index] {
            case 0x20, 0x09, 0x0a, 0x0d: continue
            default: return false
            }
        }
        return true
    }
}
