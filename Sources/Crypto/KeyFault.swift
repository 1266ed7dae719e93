/// Why members of a key make no key that signatures can be trusted to.
public enum KeyFault: Error, Equatable, Sendable {
    /// An RSA modulus below 2,048 bits, or an HMAC secret below 32 bytes.
    case tooShort
    case tooLong
    /// Not of the length that its type demands, even where it must be odd, or not a point on its
    /// curve.
    case invalid

    public var text: StaticString {
        switch self {
        case .tooShort: "too short"
        case .tooLong: "too long"
        case .invalid: "invalid"
        }
    }
}
