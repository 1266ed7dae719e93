import Kernel

/// A 64-bit hash of bytes (FNV-1a), and the numbers that can be drawn from it (SplitMix64).
///
/// What the demo upstream makes up is drawn from here, so it is the same on every machine.
struct Fingerprint {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    init() {}

    init(_ text: String) { add(text.utf8.span) }

    mutating func add(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            value = (value ^ UInt64(bytes[index])) &* 0x100_0000_01b3
            index += 1
        }
    }

    /// The next number of the sequence this fingerprint begins.
    mutating func draw() -> UInt64 {
        value &+= 0x9e37_79b9_7f4a_7c15
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// 24 hexadecimal digits.
    var text: String {
        var sequence = self
        var output = ByteBuffer()
        output.append(hex: sequence.draw(), digits: 16)
        output.append(hex: sequence.draw(), digits: 8)
        return output.text
    }
}
