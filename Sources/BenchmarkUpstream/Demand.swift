import Kernel

/// What a request asks for.
enum Demand: Equatable {
    case completion
    case events(chunks: Int, delayMilliseconds: Int)
    case sink
    case blob(bytes: Int)

    static let standardEvents = Demand.events(chunks: 100, delayMilliseconds: 10)

    /// The demand a request target names; `completion` for every path that is none of the tool's
    /// own.
    static func of(target: Span<UInt8>) -> Demand {
        if target.hasPath("/sse") {
            return .events(
                chunks: min(number("chunks=", in: target) ?? 100, 1_000_000),
                delayMilliseconds: min(number("delay=", in: target) ?? 10, 60_000))
        }
        if target.hasPath("/sink") { return .sink }
        if target.hasPath("/blob") {
            return .blob(bytes: min(number("bytes=", in: target) ?? 0, 1 << 40))
        }
        return .completion
    }

    private static func number(_ key: StaticString, in target: Span<UInt8>) -> Int? {
        let size = key.utf8CodeUnitCount
        guard var start = target.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        while start < target.count {
            let first = start + 1
            let end = target.firstIndex(of: UInt8(ascii: "&"), from: first) ?? target.count
            if end - first > size, target.extracting(first..<first + size).equals(key) {
                return target.extracting(first + size..<end).decimal
            }
            start = end
        }
        return nil
    }
}

extension Span where Element == UInt8 {
    /// Whether the target is `path`, with or without a query.
    fileprivate func hasPath(_ path: StaticString) -> Bool {
        let size = path.utf8CodeUnitCount
        guard count >= size, extracting(0..<size).equals(path) else { return false }
        return count == size || self[size] == UInt8(ascii: "?")
    }
}
