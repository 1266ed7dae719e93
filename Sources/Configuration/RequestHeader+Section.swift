import YAML

extension RequestHeader: Section {
    static let title = "sites[].requestHeaders.set[]"
    static let purpose = "A field that requests carry upstream: its name, and one of the others."
    static let settings: [Setting<RequestHeader>] = [
        Setting(
            "name", \.name, .fieldName, isRequired: true,
            why: "None that says who calls, how a message is framed, or what the gateway itself "
                + "says."),
        Setting(
            "value", \.source.value, .optional(.text("header field value", limit: 8_192)),
            why: "As it is sent. Anyone who can read the configuration can read it."),
        Setting(
            "env", \.source.env, .optional(.variable),
            why: "An environment variable that holds a secret; it must be set."),
        Setting(
            "file", \.source.file, .optional(.path),
            why: "A file that holds a secret; white space at the end is ignored."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        source.checkCount(node, &reader)
        if let secret = source.fieldValue(node, &reader) { value = secret }
        if let owner = ReservedFields.owner(of: name) {
            reader.report("\(name) cannot be set here: \(owner)", at: node.mark(of: "name"))
        }
    }
}
