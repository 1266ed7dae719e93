import Kernel

/// The models a key may use, compared byte by byte.
public struct ModelSet: Sendable {
    /// Sorted by length, then by bytes, so that a look-up is a binary search without a `String`.
    private let names: [[UInt8]]

    public init(_ names: some Sequence<String>) {
        self.names = Set(names).map { Array($0.utf8) }.sorted { a, b in
            Self.order(a.span, b.span) < 0
        }
    }

    public func contains(_ name: Span<UInt8>) -> Bool {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            let candidate = names[middle]
            let order = Self.order(candidate.span, name)
            if order == 0 { return true }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return false
    }

    private static func order(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Int {
        if a.count != b.count { return a.count - b.count }
        var index = 0
        while index < a.count {
            if a[index] != b[index] { return Int(a[index]) - Int(b[index]) }
            index += 1
        }
        return 0
    }
}
