/// Reads a chunked body in the plainest way (RFC 9112 section 7.1).
struct ChunkedReference {
    private(set) var data: [UInt8] = []
    /// Behind the line of the last chunk.
    private(set) var endOfChunks: Int?
    private(set) var isBroken = false

    static func decode(_ input: [UInt8]) -> ChunkedReference {
        var result = ChunkedReference()
        var rest = input[...]
        while result.endOfChunks == nil, !result.isBroken, !rest.isEmpty {
            result.readChunk(&rest, of: input)
        }
        return result
    }

    /// Reads one chunk off `rest`, or empties it when the chunk is cut short.
    private mutating func readChunk(_ rest: inout ArraySlice<UInt8>, of input: [UInt8]) {
        guard let lineEnd = rest.firstIndex(of: 0x0d) else {
            isBroken = !Self.mayBegin(line: rest)
            rest = []
            return
        }
        let line = rest[..<lineEnd]
        guard Self.mayBegin(line: line), let size = Self.size(of: line), size <= UInt64(Int.max),
            !endsInPadding(line)
        else {
            isBroken = true
            return
        }
        guard take(0x0a, &rest, at: lineEnd + 1) else { return }
        guard size > 0 else {
            endOfChunks = rest.startIndex
            return
        }
        let count = Int(min(size, UInt64(rest.count)))
        data += rest.prefix(count)
        rest = rest.dropFirst(count)
        if size == UInt64(count), take(0x0d, &rest, at: rest.startIndex) {
            _ = take(0x0a, &rest, at: rest.startIndex)
        }
    }

    /// Moves behind `byte` at `place`, if it stands there. Another byte breaks the body; none
    /// leaves it short.
    private mutating func take(
        _ byte: UInt8, _ rest: inout ArraySlice<UInt8>, at place: Int
    ) -> Bool {
        guard place < rest.endIndex else {
            rest = []
            return false
        }
        isBroken = rest[place] != byte
        rest = rest[(place + 1)...]
        return !isBroken
    }

    /// White space in front of an extension that does not come.
    private func endsInPadding(_ line: ArraySlice<UInt8>) -> Bool {
        let behind = line.drop { Self.isDigit($0) }
        return !behind.isEmpty && behind.allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }

    private static func size(of line: ArraySlice<UInt8>) -> UInt64? {
        UInt64(String(decoding: line.prefix { isDigit($0) }, as: UTF8.self), radix: 16)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        Unicode.Scalar(byte).properties.isASCIIHexDigit
    }

    /// Whether a chunk's line can begin like this: up to 16 digits, white space, an extension of up
    /// to 256 bytes.
    private static func mayBegin(line: ArraySlice<UInt8>) -> Bool {
        let digits = line.prefix { isDigit($0) }
        let behind = line.dropFirst(digits.count)
        guard digits.count <= 16, behind.count <= 256 else { return false }
        guard !behind.isEmpty else { return true }
        guard let size = UInt64(String(decoding: digits, as: UTF8.self), radix: 16),
            size <= UInt64(Int.max)
        else { return false }
        let extensions = behind.drop { $0 == 0x20 || $0 == 0x09 }
        guard let semicolon = extensions.first else { return true }
        return semicolon == UInt8(ascii: ";")
            && extensions.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
    }
}
