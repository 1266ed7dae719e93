import Crypto
import Kernel

/// The keys of an issuer as they were read at one time. Immutable: another reading is another set.
public final class KeySet: Sendable {
    /// Two keys of one id could verify the same token.
    public struct Ambiguity: Error, Equatable, Sendable {}

    /// What a token's `kid` and `alg` lead to.
    enum Finding {
        case found(SigningKey)
        /// There is such a key, but not for that algorithm.
        case unfit
        case unknown
    }

    /// Another one for every set of the issuer, so that what was decided by one is told from what
    /// was decided by the next.
    public let version: UInt64
    /// Sorted by id: by length, then by bytes.
    public let keys: [SigningKey]
    /// Keys of the document that cannot verify tokens: of other types or uses, or broken.
    public let ignoredCount: Int

    /// A `kid` may belong to several keys if no two of them have an algorithm in common (RFC 7517
    /// section 4.5).
    public init(
        _ keys: [SigningKey], version: UInt64, ignoredCount: Int = 0
    ) throws(Ambiguity) {
        let sorted = keys.sorted { Self.order($0.id ?? [], $1.id ?? []) < 0 }
        for (index, key) in sorted.enumerated() where key.id != nil {
            var next = index + 1
            while next < sorted.count, sorted[next].id == key.id {
                guard sorted[next].algorithms.isDisjoint(with: key.algorithms) else {
                    throw Ambiguity()
                }
                next += 1
            }
        }
        self.keys = sorted
        self.version = version
        self.ignoredCount = ignoredCount
    }

    /// The key that a token means. Without a `kid` it can only mean the only key there is.
    func find(_ id: [UInt8]?, for algorithm: SignatureAlgorithm) -> Finding {
        guard let id else {
            guard keys.count == 1 else { return .unknown }
            return keys[0].algorithms.contains(algorithm) ? .found(keys[0]) : .unfit
        }
        var place = firstPlace(of: id)
        var finding = Finding.unknown
        while place < keys.count, keys[place].id == id {
            if keys[place].algorithms.contains(algorithm) { return .found(keys[place]) }
            finding = .unfit
            place += 1
        }
        return finding
    }

    private func firstPlace(of id: [UInt8]) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if Self.order(keys[middle].id ?? [], id) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func order(_ a: [UInt8], _ b: [UInt8]) -> Int {
        if a.count != b.count { return a.count - b.count }
        for (x, y) in zip(a, b) where x != y { return Int(x) - Int(y) }
        return 0
    }
}
