import Kernel

/// Conditional requests (RFC 9110 section 13.1.2).
extension Fields {
    /// Whether If-None-Match names `tag`, which stands in its quotes. A tag that is said to be weak
    /// counts, and so does `*`.
    public func ifNoneMatch(names tag: Span<UInt8>) -> Bool {
        var found = index(of: .ifNoneMatch)
        while let place = found {
            if Self.list(value(at: place), names: tag) { return true }
            found = index(of: .ifNoneMatch, from: place + 1)
        }
        return false
    }

    /// Tags may hold commas, so the list is read from quote to quote; what is no list names nothing
    /// from there on.
    private static func list(_ list: Span<UInt8>, names tag: Span<UInt8>) -> Bool {
        if list.equals("*") { return true }
        let quote = UInt8(ascii: "\"")
        var start = 0
        while start < list.count {
            let byte = list[start]
            if byte == UInt8(ascii: ",") || byte == 0x20 || byte == 0x09 {
                start += 1
                continue
            }
            if byte == UInt8(ascii: "W"), start + 1 < list.count, list[start + 1] == 0x2f {
                start += 2
            }
            guard start < list.count, list[start] == quote,
                let end = list.firstIndex(of: quote, from: start + 1)
            else { return false }
            if list.extracting(start..<end + 1).equals(tag) { return true }
            start = end + 1
        }
        return false
    }
}
