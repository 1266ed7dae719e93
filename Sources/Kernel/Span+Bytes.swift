import CKernel

/// Comparing and reading bytes without making a `String`.
extension Span where Element == UInt8 {
    public func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { other in
            var index = 0
            while index < count {
                if unsafe self[index] != other[index] { return false }
                index += 1
            }
            return true
        }
    }

    public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            if self[index] != other[index] { return false }
            index += 1
        }
        return true
    }

    public func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            if self[index].asciiLowercased != other[index].asciiLowercased { return false }
            index += 1
        }
        return true
    }

    /// Whether `other`, which is not empty, stands anywhere among these bytes.
    public func contains(_ other: Span<UInt8>) -> Bool {
        var start = 0
        while let place = firstIndex(of: other[0], from: start), place <= count - other.count {
            if extracting(place..<place + other.count).equals(other) { return true }
            start = place + 1
        }
        return false
    }

    public func starts(with prefix: Span<UInt8>) -> Bool {
        count >= prefix.count && extracting(0..<prefix.count).equals(prefix)
    }

    /// The position of the first `byte` at or behind `start`.
    ///
    /// *Safety:* `memchr` reads `count - start` bytes from `start` on, which the span keeps alive
    /// for the length of the closure, and answers with a pointer among them.
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start >= 0, start < count else { return nil }
        let length = count - start
        return unsafe withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), length)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// Where `word`, of 2 to 16 bytes, stands for the first time at or behind `start`.
    ///
    /// *Safety:* the C function reads the bytes of the span from `start` on and those of the
    /// literal; both outlive the call.
    public func firstIndex(of word: StaticString, from start: Int = 0) -> Int? {
        let length = word.utf8CodeUnitCount
        precondition(length >= 2 && length <= 16)
        guard start >= 0, start <= count - length else { return nil }
        return unsafe withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return nil }
            let place = unsafe gh_find_word(base + start, count - start, word.utf8Start, length)
            return place < 0 ? nil : start + place
        }
    }

    /// Without the spaces and tabs at both ends (OWS, RFC 9110 section 5.6.3).
    public var trimmed: Span<UInt8> {
        @_lifetime(copy self)
        get {
            var first = 0
            var last = count
            while first < last, self[first] == 0x20 || self[first] == 0x09 { first += 1 }
            while last > first, self[last - 1] == 0x20 || self[last - 1] == 0x09 { last -= 1 }
            return extracting(first..<last)
        }
    }

    /// The number these ASCII digits spell; nil when empty, when another byte stands among them, or
    /// above `Int.max`.
    public var decimal: Int? {
        guard count > 0 else { return nil }
        var value = 0
        var index = 0
        while index < count {
            let digit = self[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit))
            guard !overflow, !carry else { return nil }
            value = sum
            index += 1
        }
        return value
    }

    /// A copy that may be kept: never on the path of an ordinary request.
    public var array: [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(count)
        for index in indices { copy.append(self[index]) }
        return copy
    }

    /// A `String`, for logs, errors and configuration: never on the path of an ordinary request.
    public var text: String {
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension UInt8 {
    public var asciiLowercased: UInt8 {
        self | (self &- 0x41 < 26 ? 0x20 : 0)
    }
}
