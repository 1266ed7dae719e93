import Configuration

/// A path as OpenAPI writes it: literal segments, and parameters of one segment each.
struct PathTemplate {
    /// What stands for one segment of a path.
    struct Parameter {
        let name: String
        /// It stands for everything below, which OpenAPI has no words for.
        let isRest: Bool
    }

    let text: String
    let parameters: [Parameter]
    /// The same for every template that OpenAPI takes for this one: names do not count.
    let hierarchy: String

    /// What describes `pattern`: one template, or two for a tree: the path before `/**`, and
    /// what is below.
    static func all(for pattern: PathPattern) -> [PathTemplate] {
        let whole = PathTemplate(pattern, rest: nil)
        return pattern.isTree ? [whole, PathTemplate(pattern, rest: "path")] : [whole]
    }

    private init(_ pattern: PathPattern, rest: String?) {
        var text = ""
        var hierarchy = ""
        var parameters: [Parameter] = []
        func append(_ name: String, isRest: Bool) {
            text += "/{\(name)}"
            hierarchy += "/{}"
            parameters.append(Parameter(name: name, isRest: isRest))
        }
        for segment in pattern.segments {
            switch segment {
            case .literal(let literal):
                text += "/" + literal
                hierarchy += "/" + literal
            case .parameter(let name): append(name, isRest: false)
            }
        }
        if var rest {
            while parameters.contains(where: { $0.name == rest }) { rest += "_" }
            append(rest, isRest: true)
        }
        self.text = text.isEmpty ? "/" : text
        self.hierarchy = hierarchy
        self.parameters = parameters
    }
}

extension PathTemplate.Parameter {
    /// A segment that the route table takes for one: nothing in it that some server could read as
    /// another path, escaped or not.
    static let segmentPattern = #"^(?!\.{1,2}$)[^\u0000-\u001f\u007f/\\%]+$"#

    var node: JSONNode {
        .members([
            "name": .string(name), "in": "path", "required": true,
            "description": isRest
                ? "What is below: one segment, or several with slashes between them." : nil,
            "schema": ["type": "string", "minLength": 1, "pattern": .string(Self.segmentPattern)],
            "x-gatehouse-tree": isRest ? true : nil,
        ])
    }
}
