import CSimdjson
import Kernel

/// Checks bodies: each one whole, byte by byte, without building anything of it.
///
/// One per worker; it reuses its memory and gives it back after a body of more than 1 MiB. Lone
/// surrogates (`"\ud800"`) are valid here as in RFC 8259 section 8.2: only top-level keys and
/// `model` are unescaped.
///
/// *Safety:* the probe alone owns `parser`. The C function reads the body only during its call,
/// writes only into its own memory and the summary, keeps no pointer to either and calls nothing
/// back.
@safe
public final class JSONProbe {
    /// Memory for bodies up to this size is kept.
    private static let keptBytes = 1_048_576

    private let parser: OpaquePointer?
    /// The unescaped text of `model`, when the last body that was probed had a string there; else
    /// empty. A lone surrogate in it becomes U+FFFD.
    public private(set) var model = ByteBuffer()

    public init() { unsafe parser = gh_json_create() }

    deinit { unsafe gh_json_destroy(parser) }

    /// Checks that `body` is one JSON text and finds the members the gateway decides by.
    public func probe(_ body: Span<UInt8>) throws(JSONFault) -> JSONSummary {
        model.removeAll(keepingCapacity: 4_096)
        guard let parser = unsafe parser else { throw .outOfMemory }
        var found = gh_json_summary()
        let verdict = unsafe body.withUnsafeBufferPointer { bytes in
            unsafe gh_json_probe(parser, bytes.baseAddress, bytes.count, Self.keptBytes, &found)
        }
        try JSONFault.check(verdict)
        guard let root = JSONValue(found.root) else { throw .invalid }
        let summary = JSONSummary(
            root: root, model: JSONValue(found.model), stream: JSONValue(found.stream),
            streamOptions: JSONValue(found.stream_options),
            includeUsage: JSONValue(found.include_usage), maxTokens: JSONValue(found.max_tokens),
            maxCompletionTokens: JSONValue(found.max_completion_tokens),
            maxOutputTokens: JSONValue(found.max_output_tokens), choices: JSONValue(found.n))
        if let value = summary.model, value.kind == .string {
            let inside = value.range.lowerBound + 1..<value.range.upperBound - 1
            JSONText.unescape(body.extracting(inside), into: &model)
        }
        return summary
    }
}
