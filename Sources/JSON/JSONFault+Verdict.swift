import CSimdjson

extension JSONFault {
    static func check(_ verdict: gh_json_verdict) throws(JSONFault) {
        switch verdict {
        case GH_JSON_VALID: return
        case GH_JSON_TOO_DEEP: throw .tooDeep
        case GH_JSON_DUPLICATE: throw .duplicateMember
        case GH_JSON_OUT_OF_MEMORY: throw .outOfMemory
        default: throw .invalid
        }
    }
}
