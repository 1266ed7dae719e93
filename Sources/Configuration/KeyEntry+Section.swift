import Kernel
import YAML

extension KeyEntry: Section {
    static let title = "sites[].keys[]"
    static let purpose = "An API key: never the key itself. `gatehouse keys new` prints an entry."
    static let settings: [Setting<KeyEntry>] = [
        Setting(
            "id", \.id, .name(of: .keyID), isRequired: true,
            why: "Stands in the access log; counters belong to it."),
        Setting("name", \.name, .text(limit: 255), why: "Whose it is, for people."),
        Setting(
            "prefix", \.prefix, .text("first characters of the key", limit: 64), isRequired: true,
            why: "To recognise a key by; begins with the site's `keyPrefix`."),
        Setting(
            "hash", \.hash, .hash, isRequired: true,
            why: "SHA-256 of the key followed by the pepper."),
        Setting(
            "status", \.status, .choice,
            why: "`suspended` and `revoked` keys are refused, each with its own error."),
        Setting(
            "expiresAt", \.expiresAt, .optional(.time), why: "From then on the key is invalid."),
        Setting(
            "limits", \.writtenLimits, ValueKind<KeyLimits>.deferred(),
            why: "Those that are not set come from the site's `defaultLimits`."),
        Setting(
            "allowedModels", \.allowedModels, .optional(.list(of: .text(limit: 256))),
            why: "Exact names; absent: every model, empty: none."),
        Setting(
            "scopes", \.scopes, .list(of: .text(limit: 128)),
            why: "What the key may do, where routes demand a `scope`."),
        Setting(
            "organization", \.organization, .optional(.reference(to: .organization)),
            why: "Whose it is. Not needed beside `project`."),
        Setting(
            "project", \.project, .optional(.reference(to: .project)),
            why: "What it is for; where hosts stand for projects it is refused at all others."),
        Setting(
            "role", \.role, .optional(.text("role", limit: 64)),
            why: "Where routes demand `roles`."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if organization != nil, project != nil {
            reader.report(
                "a key of a project belongs to that project's organization",
                at: node.mark(of: "organization"))
        }
        guard hash.count == 32 else { return }
        let text = KeyEntry.written(hash)
        reader.declare(
            .keyHash, text, at: node.mark(of: "hash"), shown: String(text.prefix(15)) + "…")
    }

    /// `sha256:` and 64 hexadecimal digits.
    static func written(_ hash: [UInt8]) -> String {
        "sha256:" + hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension ValueKind where Value == [UInt8] {
    fileprivate static var hash: ValueKind {
        scalar("`sha256:` and 64 lower-case hexadecimal digits", write: { _ in "" }) { text in
            guard text.hasPrefix("sha256:") else { return nil }
            let digits = Array(text.utf8.dropFirst(7))
            guard digits.count == 64 else { return nil }
            var bytes: [UInt8] = []
            for index in stride(from: 0, to: 64, by: 2) {
                guard let high = hexValue(digits[index]), let low = hexValue(digits[index + 1])
                else { return nil }
                bytes.append(high << 4 | low)
            }
            return bytes
        }
    }
}

extension ValueKind where Value == UnixTime {
    fileprivate static var time: ValueKind {
        scalar("time as `2026-01-31T00:00:00Z`", write: { $0.rfc3339 }) { UnixTime(rfc3339: $0) }
    }
}

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
}
