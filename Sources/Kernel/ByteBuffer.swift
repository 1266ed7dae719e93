import CKernel

/// A growable queue of bytes: appended at the back, consumed from the front.
///
/// It is the one container in which bytes travel. It cannot be copied, so a copy of a body is
/// always visible in the code as an `append`. An empty buffer owns no memory until the first
/// append.
///
/// What appends is inlined into other modules, because a head is written by a hundred of these
/// calls: where the length is known, one becomes a store or two.
///
/// *Safety:* the buffer alone owns `base`; nobody else holds the pointer. `start ≤ end ≤ capacity`
/// holds after every method, and `base` is there as soon as `reserve` has made room for a byte.
/// Spans handed out borrow the buffer, so the compiler refuses a mutation while one lives. The
/// pointers lent to the fence targets (`withUnsafe…`) end with the closure.
@safe
public struct ByteBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<UInt8>?
    @usableFromInline var start = 0
    @usableFromInline var end = 0
    /// Bytes of memory owned, whether in use or not.
    public internal(set) var capacity = 0

    public init() { unsafe base = nil }

    public init(capacity: Int) {
        unsafe base = nil
        reserve(capacity)
    }

    /// The UTF-8 bytes of `text`, for what is made once and sent often.
    public init(_ text: String) {
        self.init(capacity: text.utf8.count)
        append(utf8: text)
    }

    deinit { unsafe free(base) }

    public var count: Int { end - start }
    public var isEmpty: Bool { start == end }

    /// The bytes that were appended and not yet consumed.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            guard let base = unsafe base else { return Span() }
            let span = unsafe Span(_unsafeStart: base + start, count: end - start)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes as a `String`, for logs, errors and tests.
    public var text: String { bytes.text }

    /// The part `range` of `bytes`; traps outside of it.
    @_lifetime(borrow self)
    public func slice(_ range: Range<Int>) -> Span<UInt8> {
        bytes.extracting(range)
    }

    /// Lends the bytes to `body`. For buffers that are properties of an object: there the compiler
    /// ends the access, and with it the life of `bytes`, at the end of the expression.
    public func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(bytes)
    }

    /// Lends the part `range` of the bytes to `body`.
    public func withSlice<Result>(
        _ range: Range<Int>, _ body: (Span<UInt8>) -> Result
    ) -> Result {
        body(slice(range))
    }

    /// Makes room for `extra` more bytes, moving or growing at most once.
    @inlinable @inline(__always)
    public mutating func reserve(_ extra: Int) {
        if capacity - end < extra { grow(extra) }
    }

    @usableFromInline @inline(never)
    mutating func grow(_ extra: Int) {
        let used = end - start
        if used + extra <= capacity, start >= capacity / 2, let base = unsafe base {
            unsafe base.update(from: base + start, count: used)
            start = 0
            end = used
        } else {
            move(to: max(64, max(capacity * 2, used + extra)))
        }
    }

    /// Grows the memory to exactly `size` bytes if it is smaller. For buffers whose memory is
    /// counted: `reserve` takes more than is asked for.
    public mutating func grow(to size: Int) {
        if size > capacity { move(to: size) }
    }

    private mutating func move(to newCapacity: Int) {
        let used = end - start
        // Not `allocate`, which asks for an alignment and so takes glibc's slow way.
        guard let memory = unsafe malloc(newCapacity) else { fatalError("out of memory") }
        let fresh = unsafe memory.assumingMemoryBound(to: UInt8.self)
        if let old = unsafe base {
            unsafe fresh.update(from: old + start, count: used)
            unsafe free(old)
        }
        unsafe base = fresh
        capacity = newCapacity
        start = 0
        end = used
    }

    @inlinable @inline(__always)
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe base.unsafelyUnwrapped[end] = byte
        end += 1
    }

    /// Appends two bytes: a line end, a separator.
    @inlinable @inline(__always)
    public mutating func append(_ first: UInt8, _ second: UInt8) {
        reserve(2)
        unsafe base.unsafelyUnwrapped[end] = first
        unsafe base.unsafelyUnwrapped[end + 1] = second
        end += 2
    }

    @inlinable
    public mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { source in unsafe append(source) }
    }

    /// Appends the bytes of another buffer.
    public mutating func append(_ other: borrowing ByteBuffer) {
        append(other.bytes)
    }

    /// Appends a part of the bytes of another buffer.
    public mutating func append(_ range: Range<Int>, of other: borrowing ByteBuffer) {
        append(other.slice(range))
    }

    public mutating func append(_ bytes: [UInt8]) {
        append(bytes.span)
    }

    /// Appends text known at compile time, without a `String`. Inlined, so that a short text is
    /// stored by a few instructions instead of a call.
    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        guard count > 0 else { return }
        reserve(count)
        unsafe (base.unsafelyUnwrapped + end).update(from: text.utf8Start, count: count)
        end += count
    }

    public mutating func append(utf8 text: String) {
        append(text.utf8.span)
    }

    /// Appends borrowed memory of a C library.
    @unsafe @inlinable @inline(__always)
    public mutating func append(_ source: UnsafeBufferPointer<UInt8>) {
        guard let first = source.baseAddress, source.count > 0 else { return }
        reserve(source.count)
        unsafe (base.unsafelyUnwrapped + end).update(from: first, count: source.count)
        end += source.count
    }

    /// Forgets the first `count` bytes; an emptied buffer keeps its memory and starts at zero
    /// again.
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= end - start)
        start += count
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Forgets everything behind the first `count` bytes.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= end - start)
        end = start + count
    }

    /// Forgets all bytes. Memory beyond `keepingCapacity` is given back.
    public mutating func removeAll(keepingCapacity limit: Int = .max) {
        start = 0
        end = 0
        if capacity > limit {
            unsafe free(base)
            unsafe base = nil
            capacity = 0
        }
    }

    /// Lends the free space behind the bytes (at least `minimum` long) to a C function that fills
    /// it and returns how many bytes it wrote; a negative answer writes none. Returns that answer.
    @unsafe
    public mutating func withUnsafeSpareCapacity(
        minimum: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Int
    ) -> Int {
        reserve(minimum)
        let spare = unsafe UnsafeMutableBufferPointer(start: base! + end, count: capacity - end)
        let written = unsafe fill(spare)
        precondition(written <= capacity - end)
        end += max(0, written)
        return written
    }
}

/// *Safety:* the memory has one owner, which moves as a whole with the buffer.
extension ByteBuffer: @unchecked Sendable {}
