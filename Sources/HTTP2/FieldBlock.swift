import CNghttp2
import HTTP
import Kernel

/// The fields of one message in the form libnghttp2 takes: an array of pointers, reused for every
/// message.
///
/// *Safety:* the array is owned here. Its entries point into the head that is being sent, into
/// static text, or into `numbers`; they are read only by the submitting call, which copies what
/// they point at and happens before the head or this struct changes again. Every use starts with
/// `removeAll`.
@safe
struct FieldBlock: ~Copyable {
    private var base: UnsafeMutablePointer<nghttp2_nv>
    private var capacity = 32
    private(set) var count = 0
    /// Status and Content-Length as digits. Reserved before the first is written, so it never
    /// moves.
    private var numbers = ByteBuffer()
    /// Responses so far, for `neverIndexed`.
    private var responses = 0

    init() { unsafe base = .allocate(capacity: capacity) }

    deinit { unsafe base.deallocate() }

    /// The entries, for the submitting call.
    @unsafe var entries: UnsafePointer<nghttp2_nv> { unsafe UnsafePointer(base) }

    mutating func removeAll() {
        count = 0
        numbers.removeAll()
        numbers.reserve(64)
    }

    /// The pseudo-fields of a request and its fields (RFC 9113 section 8.3.1, RFC 8441 section 4).
    mutating func setRequest(_ head: Head) {
        removeAll()
        if head.isWebSocket {
            append(":method", "CONNECT")
            append(":protocol", "websocket")
        } else if head.method == .other {
            append(":method", head.methodText.bytes)
        } else {
            append(":method", head.method.text)
        }
        append(":scheme", head.isSecure ? "https" : "http")
        if !head.authority.isEmpty { append(":authority", head.authority.bytes) }
        append(":path", head.target.bytes)
        appendFields(of: head, isRequest: true, isRemembering: false)
    }

    /// The pseudo-field of a response and its fields (RFC 9113 section 8.3.2).
    mutating func setResponse(_ head: Head) {
        setInterim(head.status)
        responses &+= 1
        let isRemembering = responses % Self.rememberedEvery == 1
        appendFields(of: head, isRequest: false, isRemembering: isRemembering)
    }

    mutating func setInterim(_ status: Int) {
        removeAll()
        append(":status", decimal: status)
    }

    mutating func setTrailers(_ head: Head) {
        removeAll()
        var index = 0
        while index < head.fields.count {
            if !head.fields.id(at: index).isBarredFromTrailers {
                append(head.fields.name(at: index), head.fields.value(at: index))
            }
            index += 1
        }
    }

    private mutating func appendFields(of head: Head, isRequest: Bool, isRemembering: Bool) {
        if let length = head.contentLength { append("content-length", decimal: length) }
        var index = 0
        while index < head.fields.count {
            let id = head.fields.id(at: index)
            let isSaidElsewhere =
                id.isConnectionSpecific || id == .te || (id == .host && isRequest)
                || (id == .contentLength && head.contentLength != nil)
            if !isSaidElsewhere {
                let isPassing = !isRemembering && id.isNew(head.fields, at: index)
                append(
                    head.fields.name(at: index), head.fields.value(at: index),
                    flags: isPassing ? Self.neverIndexed : Self.plain)
            }
            index += 1
        }
    }

    private static let plain = UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
    /// Keeps a value that no later message will have out of the compression table, where each would
    /// drive out one that comes again (RFC 7541 section 6.2.3).
    private static let neverIndexed = UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue)
    /// One response in so many puts such fields into the table all the same, for the sake of their
    /// names: to those the others refer, instead of spelling them.
    private static let rememberedEvery = 64

    private mutating func append(_ name: StaticString, decimal number: Int) {
        let start = numbers.count
        numbers.append(decimal: number)
        let digits = unsafe numbers.slice(start..<numbers.count).withUnsafeBufferPointer {
            unsafe $0
        }
        unsafe add(name.utf8Start, name.utf8CodeUnitCount, digits.baseAddress, digits.count)
    }

    private mutating func append(_ name: StaticString, _ value: StaticString) {
        unsafe add(
            name.utf8Start, name.utf8CodeUnitCount, value.utf8Start, value.utf8CodeUnitCount)
    }

    private mutating func append(_ name: StaticString, _ value: Span<UInt8>) {
        unsafe value.withUnsafeBufferPointer { value in
            unsafe add(name.utf8Start, name.utf8CodeUnitCount, value.baseAddress, value.count)
        }
    }

    private mutating func append(
        _ name: Span<UInt8>, _ value: Span<UInt8>, flags: UInt8 = plain
    ) {
        unsafe name.withUnsafeBufferPointer { name in
            unsafe value.withUnsafeBufferPointer { value in
                unsafe add(name.baseAddress, name.count, value.baseAddress, value.count, flags)
            }
        }
    }

    @unsafe
    private mutating func add(
        _ name: UnsafePointer<UInt8>?, _ nameCount: Int,
        _ value: UnsafePointer<UInt8>?, _ valueCount: Int, _ flags: UInt8 = plain
    ) {
        if count == capacity { grow() }
        unsafe (base + count).initialize(
            to: nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name),
                value: UnsafeMutablePointer(mutating: value),
                namelen: nameCount, valuelen: valueCount,
                flags: flags
            )
        )
        count += 1
    }

    private mutating func grow() {
        let fresh = UnsafeMutablePointer<nghttp2_nv>.allocate(capacity: capacity * 2)
        unsafe fresh.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = fresh
        capacity *= 2
    }
}

extension FieldName {
    /// Whether field `index` has a value that is new in every message: ids, remaining limits,
    /// times.
    fileprivate func isNew(_ fields: borrowing Fields, at index: Int) -> Bool {
        switch self {
        case .xRequestID, .xTraceID, .traceparent, .date, .xRateLimitRemainingRequests,
            .xRateLimitResetRequests:
            return true
        case .other:
            let name = fields.name(at: index)
            guard name.count > 4 else { return false }
            let end = name.extracting(name.count - 3..<name.count)
            if end.equals("-id") || end.equals("-ms") || end.equals("ncy") { return true }
            return name.count > 13 && name.extracting(0..<13).equals("x-ratelimit-r")
        default: return false
        }
    }

    /// Fields that concern one HTTP/1.1 connection; HTTP/2 forbids them (RFC 9113 section 8.2.2).
    var isConnectionSpecific: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade: true
        default: false
        }
    }

    /// Fields that frame or route a message and so mean nothing behind it (RFC 9110 section 6.5.1).
    var isBarredFromTrailers: Bool {
        switch self {
        case .contentLength, .host, .te, .trailer, .expect: true
        default: isConnectionSpecific
        }
    }
}
