/// One step of libyaml's parser, in Swift's own memory.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case scalar(String, isPlain: Bool)
        case alias(String)
        case sequenceStart, mappingStart
        case collectionEnd
    }

    var kind: Kind
    var mark: Mark
    var anchor: String?
}
