import YAML

/// A mapping of the configuration file whose settings are declared in one table.
///
/// Reading, bounds, unknown keys and the reference page all follow from `settings`; a default is
/// the property's value in `initial`. A new setting is one property and one row.
protocol Section: Sendable {
    /// Heading in the reference page.
    static var title: String { get }
    /// What the section is for, in the reference page.
    static var purpose: String { get }
    static var settings: [Setting<Self>] { get }
    /// The defaults in force for this mapping; one setting may choose those of others.
    static func initial(for node: YAMLNode) -> Self
    /// Every set of defaults there is, with the name of what chooses it.
    static var variants: [(name: String, defaults: Self)] { get }
    init()
    /// Looks for contradictions and works out what follows from several settings.
    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader)
}

extension Section {
    static func initial(for node: YAMLNode) -> Self { Self() }
    static var variants: [(name: String, defaults: Self)] { [("", Self())] }
    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {}
}
