import Kernel

/// Cuts the bytes of one HTTP/1.1 connection into requests: only what the tool needs to know of
/// them.
///
/// A head stays in the caller's buffer until it is complete; a body is given up as it comes,
/// whatever its length.
struct RequestReader: ~Copyable {
    struct Request: Equatable {
        var demand = Demand.completion
        var isHead = false
        /// The connection ends behind the answer.
        var isLast = false
        var bodyBytes = 0
    }

    enum Outcome: Equatable {
        case needsMore
        /// The client waits for `100 Continue` before it sends the body.
        case expectsContinue
        case complete(Request)
        case malformed
    }

    private enum Phase {
        case head, body(left: Int), chunkSize, chunk(left: Int), chunkEnd, trailers
    }

    static let headLimit = 65_536
    private static let lineLimit = 4_096
    /// Kept of a body piece, so that a flag on the seam of two pieces is found.
    private static let seam = 32

    private var phase = Phase.head
    private var request = Request()
    private var lineStart = 0
    private var hasRequestLine = false
    private var contentLength = 0
    private var isChunked = false
    private var isExpecting = false
    private var carry = ByteBuffer()

    /// Reads on in `bytes`, of which the first `consumed` may then be forgotten.
    mutating func read(_ bytes: Span<UInt8>) -> (consumed: Int, outcome: Outcome) {
        var start = 0
        while true {
            let rest = bytes.extracting(start..<bytes.count)
            let (consumed, outcome) = step(rest)
            start += consumed
            if let outcome { return (start, outcome) }
        }
    }

    /// One move of the machine; no outcome means: go on.
    private mutating func step(_ bytes: Span<UInt8>) -> (consumed: Int, outcome: Outcome?) {
        switch phase {
        case .head: return readHead(bytes)
        case .body(let left):
            let count = take(left, of: bytes, isWhole: request.bodyBytes == 0)
            if count < left {
                phase = .body(left: left - count)
                return (count, .needsMore)
            }
            return (count, finish())
        case .chunk(let left):
            let count = take(left, of: bytes, isWhole: false)
            phase = count < left ? .chunk(left: left - count) : .chunkEnd
            return (count, count < left ? .needsMore : nil)
        case .chunkSize, .chunkEnd, .trailers:
            guard let end = bytes.firstIndex(of: 0x0a) else {
                return (0, bytes.count > Self.lineLimit ? .malformed : .needsMore)
            }
            return (end + 1, readFramingLine(bytes.extracting(0..<end).withoutReturn))
        }
    }

    private mutating func readHead(_ bytes: Span<UInt8>) -> (consumed: Int, outcome: Outcome?) {
        while let end = bytes.firstIndex(of: 0x0a, from: lineStart) {
            let line = bytes.extracting(lineStart..<end).withoutReturn
            lineStart = end + 1
            if line.count == 0 {
                if !hasRequestLine { continue }
                let consumed = lineStart
                return (consumed, startBody())
            }
            if hasRequestLine {
                guard readField(line) else { return (0, .malformed) }
            } else {
                guard readRequestLine(line) else { return (0, .malformed) }
                hasRequestLine = true
            }
        }
        return (0, bytes.count > Self.headLimit ? .malformed : .needsMore)
    }

    private mutating func readRequestLine(_ line: Span<UInt8>) -> Bool {
        guard let first = line.firstIndex(of: 0x20) else { return false }
        guard let second = line.firstIndex(of: 0x20, from: first + 1) else { return false }
        let version = line.extracting(second + 1..<line.count)
        guard version.count == 8, version.extracting(0..<7).equals("HTTP/1.") else { return false }
        request.isHead = line.extracting(0..<first).equals("HEAD")
        request.isLast = version[7] == UInt8(ascii: "0")
        request.demand = .of(target: line.extracting(first + 1..<second))
        return true
    }

    /// Only four fields matter; the first letter rules out nearly all the others.
    private mutating func readField(_ line: Span<UInt8>) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let name = line.extracting(0..<colon)
        switch line[0] | 0x20 {
        case UInt8(ascii: "c") where name.equalsIgnoringCase("content-length"):
            guard let length = line.extracting(colon + 1..<line.count).trimmed.decimal else {
                return false
            }
            contentLength = length
        case UInt8(ascii: "c") where name.equalsIgnoringCase("connection"):
            let value = line.extracting(colon + 1..<line.count).trimmed
            if value.equalsIgnoringCase("close") { request.isLast = true }
        case UInt8(ascii: "t") where name.equalsIgnoringCase("transfer-encoding"):
            let value = line.extracting(colon + 1..<line.count).trimmed
            guard value.equalsIgnoringCase("chunked") else { return false }
            isChunked = true
        case UInt8(ascii: "e") where name.equalsIgnoringCase("expect"):
            isExpecting = true
        default: break
        }
        return true
    }

    private mutating func startBody() -> Outcome? {
        lineStart = 0
        if isChunked {
            phase = .chunkSize
        } else if contentLength > 0 {
            phase = .body(left: contentLength)
        } else {
            return finish()
        }
        return isExpecting ? .expectsContinue : nil
    }

    private mutating func readFramingLine(_ line: Span<UInt8>) -> Outcome? {
        switch phase {
        case .chunkSize:
            guard let size = Self.chunkSize(line) else { return .malformed }
            phase = size == 0 ? .trailers : .chunk(left: size)
            return nil
        case .chunkEnd:
            phase = .chunkSize
            return line.count == 0 ? nil : .malformed
        default: return line.count == 0 ? finish() : nil
        }
    }

    private static func chunkSize(_ line: Span<UInt8>) -> Int? {
        var size = 0
        var index = 0
        while index < line.count, index <= 15, let digit = line[index].hexValue {
            size = size << 4 | digit
            index += 1
        }
        guard index > 0, index <= 15 else { return nil }
        guard index == line.count || line[index] == UInt8(ascii: ";") || line[index] == 0x20 else {
            return nil
        }
        return size
    }

    /// Takes up to `left` body bytes. `isWhole`: nothing of the body came before.
    private mutating func take(_ left: Int, of bytes: Span<UInt8>, isWhole: Bool) -> Int {
        let count = min(left, bytes.count)
        let piece = bytes.extracting(0..<count)
        request.bodyBytes += count
        guard request.demand == .completion else { return count }
        if isWhole, count == left {
            if StreamFlag.isRaised(in: piece) { request.demand = .standardEvents }
            return count
        }
        carry.append(piece)
        if StreamFlag.isRaised(in: carry.bytes) { request.demand = .standardEvents }
        if carry.count > Self.seam { carry.consume(carry.count - Self.seam) }
        return count
    }

    private mutating func finish() -> Outcome {
        let finished = request
        phase = .head
        request = Request()
        hasRequestLine = false
        contentLength = 0
        isChunked = false
        isExpecting = false
        carry.removeAll(keepingCapacity: 65_536)
        return .complete(finished)
    }
}

extension Span where Element == UInt8 {
    fileprivate var withoutReturn: Span<UInt8> {
        @_lifetime(copy self)
        get {
            count > 0 && self[count - 1] == 0x0d ? extracting(0..<count - 1) : extracting(0..<count)
        }
    }
}

extension UInt8 {
    fileprivate var hexValue: Int? {
        switch self {
        case 0x30...0x39: Int(self) - 0x30
        case 0x41...0x46: Int(self) - 0x41 + 10
        case 0x61...0x66: Int(self) - 0x61 + 10
        default: nil
        }
    }
}
