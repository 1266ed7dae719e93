import CYAML

/// Lends `body` the events of `text`.
func withEvents<T>(
    of text: Span<UInt8>, _ body: (borrowing EventReader) throws(YAMLError) -> T
) throws(YAMLError) -> T {
    let result: Result<T, YAMLError> = unsafe text.withUnsafeBufferPointer { bytes in
        do throws(YAMLError) {
            let reader = try unsafe EventReader(bytes)
            return .success(try body(reader))
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

/// libyaml's parser as a source of events.
///
/// *Safety:* the reader alone owns `parser`, which keeps a pointer to the text it was made from; it
/// lives only within `withEvents`, which holds that text. Every event is copied into Swift values
/// and deleted before `next` returns, so nothing of libyaml's memory escapes. libyaml calls nothing
/// back.
@safe
struct EventReader: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeBufferPointer<UInt8>

    @unsafe
    init(_ text: UnsafeBufferPointer<UInt8>) throws(YAMLError) {
        unsafe parser = .allocate(capacity: 1)
        unsafe self.text = unsafe text
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            throw YAMLError(.tooLarge, at: Mark(line: 1, column: 1), "out of memory")
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    func next() throws(YAMLError) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { unsafe yaml_event_delete(&event) }
        let start = unsafe event.start_mark
        let mark = Mark(line: Int(start.line) + 1, column: Int(start.column) + 1)
        return try unsafe Self.copied(event, mark)
    }

    @unsafe
    private static func copied(
        _ event: borrowing yaml_event_t, _ mark: Mark
    ) throws(YAMLError) -> YAMLEvent {
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return YAMLEvent(kind: .streamStart, mark: mark)
        case YAML_STREAM_END_EVENT: return YAMLEvent(kind: .streamEnd, mark: mark)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, mark: mark)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, mark: mark)
        case YAML_ALIAS_EVENT:
            let name = unsafe string(event.data.alias.anchor) ?? ""
            return YAMLEvent(kind: .alias(name), mark: mark)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            try unsafe refuseTag(scalar.tag, mark)
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            let anchor = unsafe string(scalar.anchor)
            return YAMLEvent(kind: .scalar(text, isPlain: isPlain), mark: mark, anchor: anchor)
        case YAML_SEQUENCE_START_EVENT:
            try unsafe refuseTag(event.data.sequence_start.tag, mark)
            let anchor = unsafe string(event.data.sequence_start.anchor)
            return YAMLEvent(kind: .sequenceStart, mark: mark, anchor: anchor)
        case YAML_MAPPING_START_EVENT:
            try unsafe refuseTag(event.data.mapping_start.tag, mark)
            let anchor = unsafe string(event.data.mapping_start.anchor)
            return YAMLEvent(kind: .mappingStart, mark: mark, anchor: anchor)
        default: return YAMLEvent(kind: .collectionEnd, mark: mark)
        }
    }

    @unsafe
    private static func refuseTag(
        _ tag: UnsafeMutablePointer<yaml_char_t>?, _ mark: Mark
    ) throws(YAMLError) {
        guard unsafe tag != nil else { return }
        throw YAMLError(.tag, at: mark, "tags such as !!str are not accepted; use quotes for text")
    }

    @unsafe
    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let text = unsafe text else { return nil }
        return unsafe String(cString: text)
    }

    private func failure() -> YAMLError {
        let message = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        let text = message ?? "out of memory"
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            return YAMLError(
                .encoding, at: mark(ofByte: unsafe parser.pointee.problem_offset), text)
        }
        let place = unsafe parser.pointee.problem_mark
        return YAMLError(
            .syntax, at: Mark(line: Int(place.line) + 1, column: Int(place.column) + 1), text)
    }

    private func mark(ofByte offset: Int) -> Mark {
        var mark = Mark(line: 1, column: 1)
        for index in 0..<min(offset, unsafe text.count) {
            let byte = unsafe text[index]
            if byte == UInt8(ascii: "\n") {
                mark = Mark(line: mark.line + 1, column: 1)
            } else if byte & 0xc0 != 0x80 {
                mark.column += 1
            }
        }
        return mark
    }
}
