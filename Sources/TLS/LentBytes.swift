import COpenSSL
import Kernel

/// What a connection lends OpenSSL for the duration of one call: the bytes that came from the peer,
/// and the buffer for those that go to it. A BIO of our own reads and writes it, so bytes are not
/// copied through a memory BIO and an idle connection keeps no buffer.
///
/// *Safety:* the value lives on the stack of the call that lends; its address is in the BIO only
/// during that call (`TLSConnection.lend`). The callbacks run inside it, on the same thread.
/// Without a loan they answer “later” and touch nothing.
@safe
struct LentBytes {
    private var input: UnsafePointer<UInt8>?
    /// Bytes OpenSSL has not taken yet.
    private(set) var remaining: Int
    /// Whether OpenSSL has asked for bytes in vain.
    private(set) var isExhausted = false
    private let wire: UnsafeMutablePointer<ByteBuffer>

    init(input: UnsafeBufferPointer<UInt8>, wire: UnsafeMutablePointer<ByteBuffer>) {
        unsafe self.input = input.baseAddress
        remaining = input.count
        unsafe self.wire = unsafe wire
    }

    /// Copies up to `count` bytes to `target`; returns how many.
    fileprivate mutating func read(_ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
        let taken = min(count, remaining)
        guard taken > 0, let source = unsafe input else {
            isExhausted = true
            return 0
        }
        unsafe target.copyMemory(from: source, byteCount: taken)
        unsafe input = unsafe source + taken
        remaining -= taken
        return taken
    }

    fileprivate func write(_ source: UnsafeRawPointer, _ count: Int) {
        let bytes = unsafe UnsafeRawBufferPointer(start: source, count: count)
        unsafe wire.pointee.append(bytes.assumingMemoryBound(to: UInt8.self))
    }

    /// A BIO without a loan; the caller owns it. nil: out of memory.
    static func makeBIO() -> OpaquePointer? {
        unsafe BIO_new(method)
    }

    /// Made once and never freed, as every connection of the process uses it. Only read after that.
    private nonisolated(unsafe) static let method: OpaquePointer? = {
        let method = unsafe BIO_meth_new(
            BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lent bytes")
        unsafe BIO_meth_set_create(method) { bio in
            unsafe BIO_set_init(bio, 1)
            return 1
        }
        unsafe BIO_meth_set_read(method, readLent)
        unsafe BIO_meth_set_write(method, writeLent)
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in
            // Everything written is in the buffer already; nothing else is supported.
            command == BIO_CTRL_FLUSH ? 1 : 0
        }
        return unsafe method
    }()
}

private func readLent(
    _ bio: OpaquePointer?, _ target: UnsafeMutablePointer<CChar>?, _ count: Int32
) -> Int32 {
    unsafe gh_bio_clear_retry(bio)
    if let loan = unsafe BIO_get_data(bio), let target = unsafe target, count > 0 {
        let taken = unsafe loan.assumingMemoryBound(to: LentBytes.self).pointee.read(
            target, Int(count))
        if taken > 0 { return Int32(taken) }
    }
    unsafe gh_bio_set_retry_read(bio)
    return -1
}

private func writeLent(
    _ bio: OpaquePointer?, _ source: UnsafePointer<CChar>?, _ count: Int32
) -> Int32 {
    unsafe gh_bio_clear_retry(bio)
    guard let loan = unsafe BIO_get_data(bio), let source = unsafe source, count > 0 else {
        return -1
    }
    unsafe loan.assumingMemoryBound(to: LentBytes.self).pointee.write(source, Int(count))
    return count
}
