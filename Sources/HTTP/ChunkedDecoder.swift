import Kernel

/// Takes the chunked transfer coding apart (RFC 9112 section 7.1), up to the last chunk; the
/// trailers behind it are a section of lines like a head.
///
///     size ──hex──▶ size ──CR──▶ sizeLF ──LF──▶ data ──▶ dataCR ──▶ dataLF ──▶ size …
///                    └─BWS, ";"─▶ extension ─CR─▲   └── size 0: the last chunk
///
/// It keeps no bytes: every byte passed is taken, whatever the pieces.
struct ChunkedDecoder {
    private enum State { case size, padding, extensions, sizeLF, data, dataCR, dataLF }

    /// What `next` found.
    enum Found {
        /// A piece of data; positions as passed.
        case data(Range<Int>)
        /// The line of the last chunk ended; the trailer section follows.
        case lastChunk
        /// All bytes are taken.
        case nothing
    }

    private var state = State.size
    private var size: UInt64 = 0
    private var digits = 0
    private var extensionBytes = 0
    private var lineBytes = 0
    /// Framing bytes sent beyond what a sensible sender needs, over the whole body.
    private var overhead = 0
    private let extensionLimit: Int

    /// A chunk is free to cost 16 bytes of framing and twice its size; what exceeds that is summed
    /// up, so that a body cannot consist of chunk extensions.
    private static let overheadLimit = 16_384

    init(extensionLimit: Int) { self.extensionLimit = extensionLimit }

    mutating func reset() { self = ChunkedDecoder(extensionLimit: extensionLimit) }

    /// Reads on at `index`, which moves behind what was taken.
    mutating func next(
        in bytes: Span<UInt8>, from index: inout Int
    ) throws(MessageFault) -> Found {
        while index < bytes.count {
            if state == .data {
                let count = Int(min(size, UInt64(bytes.count - index)))
                let range = index..<index + count
                index += count
                size -= UInt64(count)
                if size == 0 { state = .dataCR }
                return .data(range)
            }
            let byte = bytes[index]
            index += 1
            lineBytes += 1
            if try take(byte) { return .lastChunk }
        }
        return .nothing
    }

    /// Takes one byte of framing. Whether it ended the line of the last chunk.
    private mutating func take(_ byte: UInt8) throws(MessageFault) -> Bool {
        switch state {
        case .size: try takeSize(byte)
        case .padding, .extensions: try takeExtension(byte)
        case .sizeLF:
            guard byte == 0x0a else { throw .malformed("bare CR in a chunk line") }
            return try endLine()
        case .dataCR:
            guard byte == 0x0d else { throw .malformed("chunk longer than its size") }
            state = .dataLF
        case .dataLF:
            guard byte == 0x0a else { throw .malformed("chunk longer than its size") }
            state = .size
        case .data: break
        }
        return false
    }

    private mutating func takeSize(_ byte: UInt8) throws(MessageFault) {
        let value = byte.hexValue
        if value < 16 {
            guard digits < 16 else { throw .malformed("chunk size of more than 16 digits") }
            size = size << 4 | UInt64(value)
            digits += 1
            return
        }
        guard digits > 0 else { throw .malformed("chunk without a size") }
        guard size <= UInt64(Int.max) else { throw .malformed("chunk size above 2^63 - 1") }
        if byte == 0x0d {
            state = .sizeLF
            return
        }
        state = .padding
        try takeExtension(byte)
    }

    private mutating func takeExtension(_ byte: UInt8) throws(MessageFault) {
        extensionBytes += 1
        guard extensionBytes <= extensionLimit || byte == 0x0d else {
            throw .malformed("chunk extensions too long")
        }
        if state == .padding {
            if byte.isSpaceOrTab { return }
            guard byte == UInt8(ascii: ";") else { throw .malformed("junk behind a chunk size") }
            state = .extensions
        } else if byte == 0x0d {
            state = .sizeLF
        } else if (byte < 0x20 && byte != 0x09) || byte == 0x7f {
            throw .malformed("control character in a chunk extension")
        }
    }

    private mutating func endLine() throws(MessageFault) -> Bool {
        // lineBytes counts the line end of the data before, too.
        let allowance = size > 0x4000_0000 ? Int.max / 2 : 16 + 2 * Int(size)
        overhead = max(0, overhead + lineBytes - allowance)
        guard overhead <= Self.overheadLimit else { throw .malformed("more framing than data") }
        let isLast = size == 0
        digits = 0
        extensionBytes = 0
        lineBytes = 0
        state = isLast ? .size : .data
        return isLast
    }
}
