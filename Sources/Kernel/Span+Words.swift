import CKernel

/// Checking, comparing and lower-casing text eight bytes at a time.
///
/// A name or a value of a head is 5 to 60 bytes long: too short for the loops a compiler
/// vectorises, long enough for a byte at a time to be what a parser spends its time on.
///
/// *Safety:* a word is loaded only where its eight bytes lie inside the span or the text: every
/// load is preceded by a comparison with `count`. Loads need no alignment.
extension Span where Element == UInt8 {
    /// Whether no byte is an ASCII control other than HTAB; bytes from 0x80 on pass.
    public var isFreeOfControls: Bool {
        unsafe withUnsafeBytes { bytes in
            let count = bytes.count
            if count < 8 {
                var index = 0
                while index < count {
                    if unsafe bytes[index].isControl { return false }
                    index += 1
                }
                return true
            }
            var index = 0
            var faults: UInt64 = 0
            while index + 8 <= count {
                faults |= controls(
                    in: unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                index += 8
            }
            // The last eight once more, instead of single bytes.
            faults |= controls(
                in: unsafe bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
            return faults == 0
        }
    }

    /// How many bytes from the front on are `tchar` (RFC 9110 section 5.6.2), what methods and
    /// field names are made of.
    ///
    /// *Safety:* the C function reads `count` bytes from the start of the span.
    public var leadingTokenCount: Int {
        unsafe withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe gh_token_length(base, bytes.count)
        }
    }

    /// How many bytes from the front on a JSON string holds as they are (RFC 8259 section 7): ASCII
    /// without quote, backslash, controls and DEL.
    var leadingPlainJSONCount: Int {
        unsafe withUnsafeBytes { bytes in
            var index = 0
            while index + 8 <= bytes.count {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let faults = notPlainInJSON(word.littleEndian)
                if faults != 0 { return index + faults.trailingZeroBitCount / 8 }
                index += 8
            }
            while index < bytes.count, unsafe bytes[index].isPlainInJSON { index += 1 }
            return index
        }
    }

    /// Whether the bytes spell `lowercase` when ASCII capitals are read as small letters.
    public func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard count == lowercase.utf8CodeUnitCount else { return false }
        return lowercase.withUTF8Buffer { other in
            unsafe withUnsafeBytes { bytes in
                unsafe isLowercase(UnsafeRawBufferPointer(other), of: bytes)
            }
        }
    }
}

extension ByteBuffer {
    /// Appends `text` with ASCII capitals as small letters.
    public mutating func append(lowercased text: Span<UInt8>) {
        append(lowercased: text, value: Span())
        truncate(to: count - 4)
    }

    /// Appends a field line as HTTP/1.1 writes it: the name in lower case, a colon and a space, the
    /// value and a line end.
    ///
    /// *Safety:* room for all of it is made at once; the name's words and bytes are stored below
    /// its length, the value behind it, and neither can overlap with memory that another object
    /// owns.
    public mutating func append(lowercased name: Span<UInt8>, value: Span<UInt8>) {
        let nameCount = name.count
        let size = nameCount + value.count + 4
        _ = unsafe withUnsafeSpareCapacity(minimum: size) { spare in
            guard let target = UnsafeMutableRawPointer(spare.baseAddress) else { return 0 }
            unsafe name.withUnsafeBytes { bytes in unsafe storeLowercased(bytes, to: target) }
            unsafe (target + nameCount).storeBytes(of: UInt16(0x203a).littleEndian, as: UInt16.self)
            unsafe value.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                unsafe (target + nameCount + 2).copyMemory(from: base, byteCount: bytes.count)
            }
            unsafe (target + size - 2).storeBytes(of: UInt16(0x0a0d).littleEndian, as: UInt16.self)
            return size
        }
    }
}

/// Stores `bytes` at `target`, which has room for them, with capitals as small letters.
@inline(__always)
private func storeLowercased(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
    var index = 0
    while index + 8 <= bytes.count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        unsafe target.storeBytes(of: lowercased(word), toByteOffset: index, as: UInt64.self)
        index += 8
    }
    while index < bytes.count {
        let byte = unsafe bytes[index].asciiLowercased
        unsafe target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        index += 1
    }
}

private let highBits: UInt64 = 0x8080_8080_8080_8080
private let everyByte: UInt64 = 0x0101_0101_0101_0101

/// The high bit of every byte that is a control other than HTAB.
@inline(__always)
private func controls(in word: UInt64) -> UInt64 {
    let low = word & ~highBits
    let visible = low &+ everyByte &* 0x60
    let notTab = (low ^ everyByte &* 0x09) &+ everyByte &* 0x7f
    let notDelete = (low ^ everyByte &* 0x7f) &+ everyByte &* 0x7f
    return ((~visible & notTab) | ~notDelete) & ~word & highBits
}

/// The high bit of every byte that a JSON string does not hold as it is.
@inline(__always)
private func notPlainInJSON(_ word: UInt64) -> UInt64 {
    let low = word & ~highBits
    let visible = low &+ everyByte &* 0x60
    let notQuote = (low ^ everyByte &* 0x22) &+ everyByte &* 0x7f
    let notBackslash = (low ^ everyByte &* 0x5c) &+ everyByte &* 0x7f
    let notDelete = (low ^ everyByte &* 0x7f) &+ everyByte &* 0x7f
    return (word | ~(visible & notQuote & notBackslash & notDelete)) & highBits
}

/// Every byte that is an ASCII capital as its small letter.
@inline(__always)
private func lowercased(_ word: UInt64) -> UInt64 {
    let low = word & ~highBits
    let fromA = low &+ everyByte &* (0x80 - 0x41)
    let behindZ = low &+ everyByte &* (0x80 - 0x5b)
    return word | ((fromA ^ behindZ) & ~word & highBits) >> 2
}

/// Whether `text`, in lower case, is `bytes` when their capitals are read as small letters; both
/// are equally long.
@inline(__always)
private func isLowercase(
    _ text: UnsafeRawBufferPointer, of bytes: UnsafeRawBufferPointer
) -> Bool {
    var index = 0
    while index + 8 <= bytes.count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let other = unsafe text.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if lowercased(word) != other { return false }
        index += 8
    }
    while index < bytes.count {
        if unsafe bytes[index].asciiLowercased != text[index] { return false }
        index += 1
    }
    return true
}

extension UInt8 {
    /// Whether a JSON string holds the byte as it is.
    fileprivate var isPlainInJSON: Bool {
        self >= 0x20 && self < 0x7f && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
    }

    /// An ASCII control other than HTAB.
    fileprivate var isControl: Bool { (self < 0x20 && self != 0x09) || self == 0x7f }
}
