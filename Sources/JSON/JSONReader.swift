import CSimdjson
import Kernel

/// Goes through a document item by item, in the order of its text. For bodies that are rewritten;
/// what only has to be checked is a `JSONProbe`'s.
///
/// It builds nothing and unescapes nothing: an item says where its value stands, and whoever wants
/// one passes over the others.
///
/// *Safety:* the reader alone owns `parser`. The C functions read the text only during their calls
/// and keep no pointer to it; the tokens they keep are places in the text that was opened, so every
/// call has to bring a text of that length, and is answered nil otherwise.
@safe
public final class JSONReader {
    /// Memory for documents up to this size is kept.
    private static let keptBytes = 1_048_576

    private let parser: OpaquePointer?
    private var openedCount: Int?

    public init() { unsafe parser = gh_json_create() }

    deinit { unsafe gh_json_destroy(parser) }

    /// Checks that `text` is one JSON text, as `JSONProbe.probe` does; its root. The items of
    /// the document before are void.
    public func open(_ text: Span<UInt8>) throws(JSONFault) -> JSONItem {
        openedCount = nil
        guard let parser = unsafe parser else { throw .outOfMemory }
        var root = gh_json_item()
        let verdict = unsafe text.withUnsafeBufferPointer { bytes in
            unsafe gh_json_open(parser, bytes.baseAddress, bytes.count, &root)
        }
        try JSONFault.check(verdict)
        guard let item = JSONItem(root) else { throw .invalid }
        openedCount = text.count
        return item
    }

    /// The first member or element of `container`; nil for an empty one and for a scalar.
    public func first(in container: JSONItem, of text: Span<UInt8>) -> JSONItem? {
        var outer = gh_json_item(container)
        return unsafe step(text) { parser, bytes, item in
            unsafe gh_json_first(parser, bytes, &outer, item)
        }
    }

    /// What follows `item` in its container.
    public func next(after item: JSONItem, of text: Span<UInt8>) -> JSONItem? {
        unsafe step(text) { parser, bytes, found in
            unsafe found.pointee = gh_json_item(item)
            return unsafe gh_json_next(parser, bytes, found)
        }
    }

    /// Ends the document and gives the memory of a large one back.
    public func close() {
        openedCount = nil
        if let parser = unsafe parser { unsafe gh_json_close(parser, Self.keptBytes) }
    }

    private func step(
        _ text: Span<UInt8>,
        _ call: (OpaquePointer, UnsafePointer<UInt8>?, UnsafeMutablePointer<gh_json_item>) -> Int32
    ) -> JSONItem? {
        guard let parser = unsafe parser, openedCount == text.count else { return nil }
        var found = gh_json_item()
        let isFound = unsafe text.withUnsafeBufferPointer { bytes in
            unsafe call(parser, bytes.baseAddress, &found)
        }
        return isFound == 1 ? JSONItem(found) : nil
    }
}

extension JSONItem {
    fileprivate init?(_ found: gh_json_item) {
        guard let value = JSONValue(found.value) else { return nil }
        let name = JSONValue(found.name).map { $0.range.lowerBound + 1..<$0.range.upperBound - 1 }
        self.init(value: value, name: name, token: found.token, behind: found.behind)
    }
}

extension gh_json_item {
    fileprivate init(_ item: JSONItem) {
        self.init()
        token = item.token
        behind = item.behind
        // Of the rest, the steps look at the types only.
        name.type = item.name == nil ? GH_JSON_ABSENT : GH_JSON_STRING
        value.type =
            switch item.value.kind {
            case .object: GH_JSON_OBJECT
            case .array: GH_JSON_ARRAY
            default: GH_JSON_NULL
            }
    }
}
