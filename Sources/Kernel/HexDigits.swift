/// Hexadecimal digits, eight at a time: ids are written several times for every request.
public enum HexDigits {
    /// The 16 digits of `number`, in lower case, as two words whose bytes in memory are the text.
    static func words(of number: UInt64) -> (UInt64, UInt64) {
        (
            eight(UInt32(truncatingIfNeeded: number >> 32)).bigEndian,
            eight(UInt32(truncatingIfNeeded: number)).bigEndian
        )
    }

    /// The 16 digits of `number`, in lower case.
    public static func text(of number: UInt64) -> InlineArray<16, UInt8> {
        let high = eight(UInt32(truncatingIfNeeded: number >> 32))
        let low = eight(UInt32(truncatingIfNeeded: number))
        var text = InlineArray<16, UInt8>(repeating: 0)
        var place = 0
        while place < 8 {
            let shift = UInt64(56 - place * 8)
            text[place] = UInt8(truncatingIfNeeded: high >> shift)
            text[place + 8] = UInt8(truncatingIfNeeded: low >> shift)
            place += 1
        }
        return text
    }

    /// Eight digits as the bytes of a word, the first in the highest byte: the digits are spread to
    /// a byte each, then every byte from ten on is moved from behind '9' to 'a'.
    private static func eight(_ number: UInt32) -> UInt64 {
        var spread = UInt64(number)
        spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff
        spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff
        spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f
        let isLetter = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
    }
}
