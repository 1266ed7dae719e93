import Kernel

/// Finds the lines of one section (a head or trailers) in bytes that arrive in any pieces.
///
/// Positions count from the section's first byte, which stays the first byte passed until the
/// section is complete. Every byte is searched for its line end once, however the section is split,
/// so a slow sender causes no quadratic work.
struct LineScanner {
    /// Where the next line starts: the length of the section when its last line was returned.
    private(set) var position = 0
    /// No line end lies in front of this.
    private var searched = 0
    /// Where the counting of the current bound starts.
    private var origin = 0

    mutating func reset() { self = LineScanner() }

    /// Lets the bound of the following lines count from here.
    mutating func mark() { origin = position }

    /// The next complete line without its CRLF; nil when its end has not arrived.
    ///
    /// Throws `excess` as soon as it is known that the line ends more than `bound` bytes behind the
    /// mark, and `.malformed` when the line ends in a bare LF (RFC 9112 section 2.2 would tolerate
    /// it; two parsers that disagree on it can be made to disagree on a request).
    mutating func nextLine(
        in bytes: Span<UInt8>, bound: Int, excess: MessageFault
    ) throws(MessageFault) -> Range<Int>? {
        guard let end = bytes.firstIndex(of: 0x0a, from: searched) else {
            if bytes.count - origin >= bound { throw excess }
            searched = bytes.count
            return nil
        }
        if end + 1 - origin > bound { throw excess }
        let start = position
        guard end > start, bytes[end - 1] == 0x0d else { throw .malformed("bare LF") }
        position = end + 1
        searched = position
        return start..<end - 1
    }
}
