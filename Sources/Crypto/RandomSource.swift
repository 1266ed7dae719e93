import COpenSSL

/// A worker's supply of unpredictable numbers for request, trace and span ids: 4 KiB are drawn from
/// libcrypto at a time, because one call costs as much for 8 bytes as for hundreds.
///
/// A number is erased from the supply when it is given out, so a later look into memory does not
/// tell ids of the past.
public final class RandomSource: RandomNumberGenerator {
    private var supply = InlineArray<512, UInt64>(repeating: 0)
    private var taken = 512
    /// Where the numbers come from instead of libcrypto.
    private var substitute: (any RandomNumberGenerator)?

    public init() {}

    /// For simulations, which must happen again in the same way. No configuration leads here.
    package init(substitute: any RandomNumberGenerator) { self.substitute = substitute }

    /// The next 64 random bits.
    public func next() -> UInt64 {
        if taken == supply.count { refill() }
        let number = supply[taken]
        supply[taken] = 0
        taken += 1
        return number
    }

    /// *Safety:* the words are plain memory of this object, lent for the one call; every bit
    /// pattern is a valid word.
    private func refill() {
        taken = 0
        if var generator = substitute {
            for index in supply.indices { supply[index] = generator.next() }
            substitute = generator
            return
        }
        let isFilled = unsafe withUnsafeMutableBytes(of: &supply) { buffer in
            unsafe RAND_bytes(buffer.baseAddress, Int32(buffer.count)) == 1
        }
        guard isFilled else { fatalError("libcrypto's random generator failed") }
    }
}
