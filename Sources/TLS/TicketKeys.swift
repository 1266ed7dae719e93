import COpenSSL
import Kernel

/// The keys under which session tickets are sealed (RFC 5077 section 4: AES-256-CBC, then
/// HMAC-SHA-256).
///
/// All workers share one object, so a client may resume with any of them; passed on at a reload, it
/// lets clients resume across it. The newest key seals; the four newest open. A new key is due
/// every 12 hours, so a stolen memory image opens the recorded resumptions of two days at most; a
/// key is erased when it goes. The lock is held for some 100 ns in a handshake, never for an
/// ordinary record.
///
/// *Safety:* the keys are only touched under the lock. The cipher is immutable, counted atomically
/// by OpenSSL and owned by the object. Hence `@unchecked Sendable`.
@safe
public final class TicketKeys: @unchecked Sendable {
    /// Age at which the newest key is replaced, in milliseconds.
    public static let rotationMilliseconds = 12 * 3600 * 1000
    /// Keys that open tickets.
    public static let keptKeys = 4
    /// How long a ticket may be used, in seconds: until before its key can have gone.
    static let ticketLifetimeSeconds = 12 * 3600

    private struct Key {
        var created: Instant
        /// 16 bytes of name, 32 for the cipher, 32 for the code.
        var bytes = InlineArray<80, UInt8>(repeating: 0)
    }

    private let cipher: OpaquePointer
    private let keys: Lock<[Key]>

    /// Makes the first key. Traps when libcrypto lacks the cipher or randomness.
    public init(at now: Instant) {
        guard let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-CBC", nil) else {
            fatalError("libcrypto offers no AES-256-CBC")
        }
        unsafe self.cipher = cipher
        keys = Lock([Self.makeKey(at: now)])
    }

    deinit {
        unsafe EVP_CIPHER_free(cipher)
    }

    /// Makes a new key if the newest is 12 hours old, and erases those that are too many or too
    /// old.
    public func rotate(at now: Instant) {
        keys.withLock { keys in
            guard let newest = keys.first,
                newest.created.advanced(milliseconds: Self.rotationMilliseconds) <= now
            else { return }
            keys.insert(Self.makeKey(at: now), at: 0)
            let lifetime = Self.rotationMilliseconds * Self.keptKeys
            while let oldest = keys.last,
                keys.count > Self.keptKeys || oldest.created.advanced(milliseconds: lifetime) <= now
            {
                unsafe withUnsafeMutableBytes(of: &keys[keys.count - 1].bytes) { bytes in
                    unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
                }
                keys.removeLast()
            }
        }
    }

    private static func makeKey(at now: Instant) -> Key {
        var key = Key(created: now)
        let isFilled = unsafe withUnsafeMutableBytes(of: &key.bytes) { bytes in
            unsafe RAND_bytes(bytes.baseAddress, Int32(bytes.count)) == 1
        }
        guard isFilled else { fatalError("libcrypto's random generator failed") }
        return key
    }

    /// Sets both contexts up to seal a ticket; writes the key's name and a fresh IV (16 bytes
    /// each). Returns 1, or −1 when libcrypto fails (OpenSSL's convention for this callback).
    func seal(
        name: UnsafeMutablePointer<UInt8>, iv: UnsafeMutablePointer<UInt8>,
        _ cipherContext: OpaquePointer?, _ macContext: OpaquePointer?
    ) -> Int32 {
        keys.withLock { keys in
            guard unsafe RAND_bytes(iv, 16) == 1, !keys.isEmpty else { return -1 }
            return unsafe withUnsafeBytes(of: keys[0].bytes) { bytes in
                let key = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress!
                unsafe name.update(from: key, count: 16)
                return unsafe gh_ticket_keys(
                    cipherContext, macContext, cipher, key + 16, key + 48, iv, 1) == 1 ? 1 : -1
            }
        }
    }

    /// Sets both contexts up to open a ticket. Returns 0 when its key is unknown (a full handshake
    /// follows), 1 when it is the newest, 2 when the client should get a new ticket.
    func open(
        name: UnsafePointer<UInt8>, iv: UnsafePointer<UInt8>,
        _ cipherContext: OpaquePointer?, _ macContext: OpaquePointer?
    ) -> Int32 {
        keys.withLock { keys in
            for index in keys.indices {
                let answer = unsafe withUnsafeBytes(of: keys[index].bytes) { bytes -> Int32 in
                    let key = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress!
                    guard unsafe memcmp(key, name, 16) == 0 else { return 0 }
                    guard
                        unsafe gh_ticket_keys(
                            cipherContext, macContext, cipher, key + 16, key + 48, iv, 0) == 1
                    else { return -1 }
                    return index == 0 ? 1 : 2
                }
                if answer != 0 { return answer }
            }
            return 0
        }
    }
}
