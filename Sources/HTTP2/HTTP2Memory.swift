import CNghttp2
import Kernel

/// What the HTTP/2 codecs of one worker leave behind for each other: memory blocks of libnghttp2,
/// and stream objects. Less than `malloc` on every frame (measured: 5 to 7 % of a proxy's CPU
/// time).
///
/// A block is `[class, capacity | payload]`; the class says which free list it returns to, so
/// codecs may end in any order. What is kept is bounded; beyond it, blocks go back to the system.
///
/// *Safety:* one worker's thread uses it; it is not Sendable. Blocks in use belong to a session,
/// and each `Session` keeps its `HTTP2Memory` alive until after `nghttp2_session_del`, so no block
/// outlives the lists. A kept block belongs to its list alone; its first payload word links to the
/// next one.
@safe
public final class HTTP2Memory {
    private static let headerBytes = 16
    private static let largestBlock = 32_768
    private static let classCount = 37
    private static let unclassed = -1

    private let lists: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let bound: Int
    private var streams: [Stream] = []
    private static let streamBound = 1_024

    /// As if the system had no more memory; for tests, which cannot use it all up.
    var isExhausted = false

    /// Bytes of blocks that wait for their next use.
    public private(set) var keptBytes = 0

    /// Bytes of all blocks that the system gave and did not get back.
    private var ownedBytes = 0

    /// Bytes of blocks in use.
    package var lentBytes: Int { ownedBytes - keptBytes }

    /// Keeps at most `bound` bytes of unused blocks.
    public init(bound: Int = 4_194_304) {
        self.bound = bound
        unsafe lists = .allocate(capacity: Self.classCount)
        unsafe lists.initialize(repeating: nil, count: Self.classCount)
    }

    deinit {
        for index in 0..<Self.classCount {
            while let block = unsafe lists[index] {
                unsafe lists[index] = Self.link(block).pointee
                unsafe free(block)
            }
        }
        unsafe lists.deallocate()
    }

    func takeStream() -> Stream { streams.popLast() ?? Stream() }

    func giveBack(_ stream: Stream) {
        guard streams.count < Self.streamBound else { return }
        stream.reset()
        streams.append(stream)
    }

    /// Where a kept block holds the address of the next one.
    private static func link(
        _ block: UnsafeMutableRawPointer
    ) -> UnsafeMutablePointer<UnsafeMutableRawPointer?> {
        unsafe (block + headerBytes).assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
    }

    /// The two words in front of a payload: class and payload capacity.
    private static func header(_ block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Int> {
        unsafe block.assumingMemoryBound(to: Int.self)
    }

    /// The class of a block of `size` bytes and the size of that class: four steps to each power of
    /// two.
    static func sizeClass(_ size: Int) -> (index: Int, size: Int) {
        if size <= 64 { return (0, 64) }
        if size > largestBlock { return (unclassed, size) }
        let exponent = Int.bitWidth - 1 - (size - 1).leadingZeroBitCount
        let quarter = ((size - 1) >> (exponent - 2)) & 3
        return (1 + (exponent - 6) * 4 + quarter, (quarter + 5) << (exponent - 2))
    }

    @unsafe
    func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
        let (wanted, overflow) = count.addingReportingOverflow(Self.headerBytes)
        guard count >= 0, !overflow else { return nil }
        let (index, size) = Self.sizeClass(wanted)
        if index >= 0, let block = unsafe lists[index] {
            unsafe lists[index] = Self.link(block).pointee
            keptBytes -= size
            return unsafe block + Self.headerBytes
        }
        guard !isExhausted, let block = unsafe malloc(size) else { return nil }
        ownedBytes += size
        unsafe Self.header(block)[0] = index
        unsafe Self.header(block)[1] = size - Self.headerBytes
        return unsafe block + Self.headerBytes
    }

    @unsafe
    func release(_ payload: UnsafeMutableRawPointer) {
        let block = unsafe payload - Self.headerBytes
        let index = unsafe Self.header(block)[0]
        let size = unsafe Self.header(block)[1] + Self.headerBytes
        guard index >= 0, keptBytes + size <= bound else {
            ownedBytes -= size
            unsafe free(block)
            return
        }
        unsafe Self.link(block).initialize(to: lists[index])
        unsafe lists[index] = block
        keptBytes += size
    }

    @unsafe
    func resize(_ payload: UnsafeMutableRawPointer, to count: Int) -> UnsafeMutableRawPointer? {
        let capacity = unsafe Self.header(payload - Self.headerBytes)[1]
        if count <= capacity { return unsafe payload }
        guard let fresh = unsafe allocate(count) else { return nil }
        unsafe fresh.copyMemory(from: payload, byteCount: capacity)
        unsafe release(payload)
        return unsafe fresh
    }

    /// The functions libnghttp2 calls; it copies this struct into the session.
    @unsafe
    func makeAllocator() -> nghttp2_mem {
        unsafe nghttp2_mem(
            mem_user_data: Unmanaged.passUnretained(self).toOpaque(),
            malloc: { count, user in
                unsafe withMemory(user) { unsafe $0.allocate(Int(clamping: count)) }
            },
            free: { payload, user in
                guard let payload = unsafe payload else { return }
                unsafe withMemory(user) { unsafe $0.release(payload) }
            },
            calloc: { count, size, user in
                let (bytes, overflow) = Int(clamping: count)
                    .multipliedReportingOverflow(by: Int(clamping: size))
                guard !overflow else { return nil }
                let payload = unsafe withMemory(user) { unsafe $0.allocate(bytes) }
                unsafe payload?.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
                return unsafe payload
            },
            realloc: { payload, count, user in
                unsafe withMemory(user) { memory in
                    guard let payload = unsafe payload else {
                        return unsafe memory.allocate(Int(clamping: count))
                    }
                    return unsafe memory.resize(payload, to: Int(clamping: count))
                }
            }
        )
    }
}

/// Calls `body` with the object whose address `user` is, without counting a reference.
@unsafe
private func withMemory<Result>(
    _ user: UnsafeMutableRawPointer?, _ body: (HTTP2Memory) -> Result
) -> Result {
    unsafe Unmanaged<HTTP2Memory>.fromOpaque(user!)._withUnsafeGuaranteedRef { body($0) }
}
