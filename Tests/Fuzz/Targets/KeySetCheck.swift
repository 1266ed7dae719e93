import Crypto
import Kernel
import Policies

/// Key sets: what comes out of them is bounded and can do no more than its type.
enum KeySetCheck {
    static func run(_ input: Span<UInt8>) throws(Violation) {
        let found = read(input, secrets: false)
        let again = read(input, secrets: false)
        switch (found, again) {
        case (.success(let keys), .success(let others)):
            try require(sum(keys) == sum(others), "more keys the second time")
            try require(certain(keys) == certain(others), "other keys the second time")
            try require(
                keys.keys.count + keys.ignoredCount <= KeySetReader.mostKeys, "too many keys")
            for key in keys.keys {
                try require(!key.algorithms.isEmpty, "a key for nothing")
                try require(key.algorithms.isSubset(of: key.key.algorithms), "more than its type")
                try require(!key.algorithms.contains(.hs256), "a secret in public")
            }
        case (.failure(let one), .failure(let other)):
            try require(one == other, "\(one) became \(other)")
        // Of two keys with one id, one may have been passed over.
        case (.success, .failure(.ambiguous)), (.failure(.ambiguous), .success): break
        default: throw Violation("refused once and taken once")
        }
        _ = read(input, secrets: true)
        _ = DiscoveryDocument(input)
    }

    private static func sum(_ keys: KeySet) -> Int { keys.keys.count + keys.ignoredCount }

    /// The keys but those of RSA: libcrypto looks for factors of a modulus by chance, and may find
    /// one of a bad modulus in one reading and not in the next.
    private static func certain(_ keys: KeySet) -> [[UInt8]?] {
        keys.keys.filter { !$0.key.algorithms.contains(.rs256) }.map(\.id)
    }

    private static func read(
        _ input: Span<UInt8>, secrets: Bool
    ) -> Result<KeySet, KeySetFault> {
        do throws(KeySetFault) {
            return .success(try KeySetReader(acceptsSecrets: secrets).read(input, version: 1))
        } catch {
            return .failure(error)
        }
    }
}
