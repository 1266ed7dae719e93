import CSimdjson

extension JSONValue {
    /// nil for an absent one.
    init?(_ found: gh_json_value) {
        let kind: Kind
        switch found.type {
        case GH_JSON_OBJECT: kind = .object
        case GH_JSON_ARRAY: kind = .array
        case GH_JSON_STRING: kind = .string
        case GH_JSON_NUMBER: kind = .number
        case GH_JSON_TRUE: kind = .true
        case GH_JSON_FALSE: kind = .false
        case GH_JSON_NULL: kind = .null
        default: return nil
        }
        self.init(kind, Int(found.start)..<Int(max(found.start, found.end)))
    }
}
