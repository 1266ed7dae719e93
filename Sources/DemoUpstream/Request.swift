import HTTP
import Kernel

/// A request as far as an answer depends on it.
struct Request: ~Copyable {
    static let bodyLimit = 16 << 20

    var method = Method.get
    /// Path and query.
    var target = ""
    var contentType = ""
    var body = ByteBuffer()

    init() {}

    init(_ method: Method, _ target: String, contentType: String = "application/json") {
        self.method = method
        self.target = target
        self.contentType = contentType
    }

    init(_ head: borrowing Head) {
        method = head.method
        target = head.target.text
        contentType = head.fields.text(.contentType) ?? ""
    }

    /// The target without its query and without a slash at the end.
    var path: String {
        let path = target.prefix { $0 != "?" }
        return String(path.count > 1 && path.last == "/" ? path.dropLast() : path)
    }

    /// What the ids of the answer are derived from.
    var fingerprint: Fingerprint {
        var fingerprint = Fingerprint()
        fingerprint.add(method.text.description.utf8.span)
        fingerprint.add(target.utf8.span)
        fingerprint.add(body.bytes)
        return fingerprint
    }
}
