/// Where an attacker sends its requests, and how it words them.
struct Aim {
    /// The request that stands for all of them.
    let number: Int
    /// For what an attack leaves to chance.
    let seed: UInt64

    var path: String { "/v1/files/\(number)" }
    private var key: (String, String) { ("authorization", "Bearer sk-good") }
    private var id: (String, String) { ("x-request-id", "raid-\(number)") }

    /// The head of a request that is sent on to the upstream at once.
    func upload(_ fields: (String, String)...) -> [UInt8] {
        FieldCoding.block(Self.start("POST", path) + [key, id] + fields)
    }

    /// The head of a request whose body is collected first.
    var chat: [UInt8] {
        FieldCoding.block(Self.start("POST", "/v1/chat/completions?\(number)") + [key, id])
    }

    /// The head of a request that the gateway answers itself.
    static let health = head("GET", "/health")

    static func head(_ method: String, _ path: String, _ fields: (String, String)...) -> [UInt8] {
        FieldCoding.block(start(method, path) + fields)
    }

    private static func start(_ method: String, _ path: String) -> [(String, String)] {
        [(":method", method), (":scheme", "http"), (":authority", "gateway"), (":path", path)]
    }

    /// The same over HTTP/1.1, with its fields as lines.
    func upload(lines: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: gateway\r\n\(identity)\(lines)\r\n"
    }

    /// The fields of every HTTP/1.1 request.
    var identity: String {
        "Authorization: Bearer sk-good\r\nX-Request-ID: raid-\(number)\r\n"
    }
}
