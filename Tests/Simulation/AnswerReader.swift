/// The status lines in what the gateway says over HTTP/1.1; bodies that look like one do not occur.
struct AnswerReader {
    private static let mark = Array("HTTP/1.1 ".utf8)

    private var matched = 0
    private var digits: [UInt8] = []
    /// Of the final answers.
    private(set) var statuses: [Int] = []

    mutating func take(_ bytes: [UInt8]) {
        for byte in bytes {
            if matched == Self.mark.count {
                digits.append(byte)
                if digits.count == 3 { endStatus() }
            } else if byte == Self.mark[matched] {
                matched += 1
            } else {
                matched = byte == Self.mark[0] ? 1 : 0
            }
        }
    }

    private mutating func endStatus() {
        let status = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        if status >= 200 { statuses.append(status) }
        digits = []
        matched = 0
    }
}
