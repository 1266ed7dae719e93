import COpenSSL
import Kernel

/// Public keys out of the numbers that a JSON Web Key spells.
///
/// *Safety:* a finished key goes to the `VerificationKey`, which frees it. Pointers into spans and
/// arrays end with the call they are passed to, and libcrypto copies what it keeps.
extension VerificationKey {
    /// The longest exponent: 64 bits, above which libcrypto refuses the larger moduli.
    private static let longestExponent = 8
    private static let modulusBits = 2_048...8_192

    /// An RSA key (RFC 7518 section 6.3.1). Zeros in front do no harm and are passed over.
    public static func rsa(
        modulus: Span<UInt8>, exponent: Span<UInt8>
    ) throws(KeyFault) -> VerificationKey {
        let modulus = unpadded(modulus)
        let exponent = unpadded(exponent)
        guard modulus.count > 0, exponent.count > 0 else { throw .invalid }
        let bits = modulus.count * 8 - modulus[0].leadingZeroBitCount
        guard bits >= modulusBits.lowerBound else { throw .tooShort }
        guard bits <= modulusBits.upperBound, exponent.count <= longestExponent else {
            throw .tooLong
        }
        let isUsable =
            modulus[modulus.count - 1] & 1 == 1 && exponent[exponent.count - 1] & 1 == 1
            && (exponent.count > 1 || exponent[0] >= 3)
        guard isUsable else { throw .invalid }
        // libcrypto takes numbers with their lowest byte first.
        var n = reversed(modulus)
        var e = reversed(exponent)
        defer { ERR_clear_error() }
        let made = unsafe n.withUnsafeMutableBufferPointer { n in
            unsafe e.withUnsafeMutableBufferPointer { e in
                unsafe gh_pkey_rsa(n.baseAddress, n.count, e.baseAddress, e.count)
            }
        }
        guard let key = unsafe made else { throw .invalid }
        return unsafe VerificationKey(key, .rsa, width: modulus.count)
    }

    /// A point of P-256 or P-384 (RFC 7518 section 6.2.1): coordinates of the curve's full width.
    public static func point(
        _ curve: Curve, x: Span<UInt8>, y: Span<UInt8>
    ) throws(KeyFault) -> VerificationKey {
        guard x.count == curve.width, y.count == curve.width else { throw .invalid }
        // Uncompressed (SEC 1 section 2.3.3).
        var point = [0x04] + x.array + y.array
        defer { ERR_clear_error() }
        let made = unsafe point.withUnsafeMutableBufferPointer { point in
            unsafe gh_pkey_point(curve == .p256 ? 1 : 0, point.baseAddress, point.count)
        }
        guard let key = unsafe made else { throw .invalid }
        let algorithm: SignatureAlgorithm = curve == .p256 ? .es256 : .es384
        return unsafe VerificationKey(key, SignatureAlgorithms(algorithm), width: curve.width)
    }

    /// An Ed25519 key (RFC 8037 section 2).
    public static func ed25519(_ x: Span<UInt8>) throws(KeyFault) -> VerificationKey {
        guard x.count == 32 else { throw .invalid }
        let made = unsafe x.withUnsafeBufferPointer { bytes in
            unsafe EVP_PKEY_new_raw_public_key_ex(
                nil, "ED25519", nil, bytes.baseAddress, bytes.count)
        }
        guard let key = unsafe made else {
            ERR_clear_error()
            throw .invalid
        }
        return unsafe VerificationKey(key, SignatureAlgorithms(.edDSA), width: 64)
    }

    @_lifetime(copy bytes)
    private static func unpadded(_ bytes: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        while start < bytes.count, bytes[start] == 0 { start += 1 }
        return bytes.extracting(start..<bytes.count)
    }

    private static func reversed(_ bytes: Span<UInt8>) -> [UInt8] { bytes.array.reversed() }
}
