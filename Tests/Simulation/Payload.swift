/// Bodies that tell by every byte from which message and from which place of it they are.
enum Payload {
    static func plain(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ number &* 7) }
    }

    /// A JSON object, or what has the length of one and is none.
    static func json(_ number: Int, _ count: Int, model: String, isValid: Bool) -> [UInt8] {
        var text = Array("{\"model\":\"\(model)\",\"x\":\"".utf8)
        text += (0..<count).map { UInt8(ascii: "a") + UInt8(($0 * 5 + $0 >> 6 + number) % 26) }
        return text + Array(isValid ? "\"}".utf8 : "\"".utf8)
    }

    /// Server-sent events, `count` bytes at least.
    static func events(_ number: Int, _ count: Int) -> [UInt8] {
        var text: [UInt8] = []
        var index = 0
        while text.count < count {
            text += Array("data: {\"part\":\(index),\"of\":\(number)}\n\n".utf8)
            index += 1
        }
        return text
    }
}
