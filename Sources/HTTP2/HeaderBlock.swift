import HTTP
import Kernel

/// One block of header fields on its way in: a request head, a response head or trailers.
///
/// libnghttp2 checks characters, order and number of pseudo-fields and the fields HTTP/2 forbids.
/// Here the rest of RFC 9113 section 8 is checked, and the limits are enforced on the decoded size,
/// which libnghttp2 does not do: an over-long block is still decoded, as HPACK demands, but no more
/// of it is stored.
///
/// A connection receives at most one block at a time (CONTINUATION frames follow without a gap).
struct HeaderBlock: ~Copyable {
    enum Kind { case request, response, trailers }

    /// What a complete block turned out to be.
    enum Outcome {
        case head(Head)
        /// The head is empty by now and goes back to the pool.
        case refused(MessageFault, Head)
        case malformed(StaticString, Head)
        /// The block was given up before.
        case nothing
    }

    private(set) var kind = Kind.request
    private var head: Head?
    private(set) var listBytes = 0
    private var fieldCount = 0
    private var excess: MessageFault?
    private var isExpectationUnknown = false
    private var host = ByteBuffer()

    /// Whether the block is so far over its limit that decoding the rest of it costs too much.
    func isBomb(within limits: CodecLimits) -> Bool {
        listBytes / 4 > max(limits.headBytes, limits.trailerBytes)
    }

    /// Whether a block has begun and not been finished or given up.
    var isOpen: Bool { head != nil }

    mutating func begin(_ kind: Kind, with head: Head) {
        self.kind = kind
        self.head = head
        listBytes = 0
        fieldCount = 0
        excess = nil
        isExpectationUnknown = false
        host.removeAll(keepingCapacity: 256)
    }

    /// Gives the block up; its head goes back to the pool.
    mutating func abandon() -> Head? {
        listBytes = 0
        return head.take()
    }

    /// Counts a field of a block that nobody wants: decoding it is work all the same.
    mutating func pass(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        listBytes += name.count + value.count + 32
    }

    /// Takes one decoded field. Returns the rule it breaks, nil when all is well.
    mutating func add(
        _ name: Span<UInt8>, _ value: Span<UInt8>, within limits: CodecLimits
    ) -> StaticString? {
        // Moved out and back, which counts no reference, for every field.
        guard name.count > 0, let head = head.take() else { return nil }
        defer { self.head = head }
        let isPseudo = name[0] == UInt8(ascii: ":")
        listBytes += name.count + value.count + 32
        if !isPseudo { fieldCount += 1 }
        if isPseudo, value.count > limits.targetBytes, name.equals(":path") {
            stopStoring(head, .targetTooLong)
        }
        let bound = kind == .trailers ? limits.trailerBytes : limits.headBytes
        if excess == nil, listBytes > bound || fieldCount > limits.fieldCount {
            stopStoring(head, .fieldsTooLarge)
        }
        if excess != nil { return nil }
        switch (kind, isPseudo) {
        case (.request, true): return addRequestPseudoField(name, value, to: head)
        case (.response, true): return addStatus(name, value, to: head)
        case (.trailers, true): return "pseudo-field in trailers"
        case (.request, false): return addRequestField(name, value, to: head)
        case (.response, false): return addResponseField(name, value, to: head)
        case (.trailers, false): return addTrailer(name, value, to: head)
        }
    }

    /// Ends the block. `isSecure`: whether the connection is.
    mutating func finish(isSecure: Bool) -> Outcome {
        guard let head = head.take() else { return .nothing }
        if let excess { return .refused(excess, head) }
        guard kind == .request else { return .head(head) }
        head.isSecure = isSecure
        if let rule = Self.readConnect(head) { return .malformed(rule, head) }
        if let rule = completeAuthority(of: head) { return .malformed(rule, head) }
        if head.target.isEmpty { return .malformed(":path is missing", head) }
        if head.target.bytes[0] == UInt8(ascii: "*"), head.method != .options {
            return .malformed(":path * without OPTIONS", head)
        }
        if isExpectationUnknown { return .refused(.expectationFailed, head) }
        return .head(head)
    }

    private mutating func stopStoring(_ head: Head, _ fault: MessageFault) {
        excess = fault
        head.reset()
    }

    private func addRequestPseudoField(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to head: Head
    ) -> StaticString? {
        if name.equals(":method") {
            head.method = Method.recognise(value)
            if head.method == .other { head.methodText.append(value) }
            return nil
        }
        if name.equals(":protocol") {
            head.isWebSocket = value.equalsIgnoringCase("websocket")
            return head.isWebSocket ? nil : ":protocol is not websocket"
        }
        if name.equals(":path") {
            head.target.append(value)
            guard value.isTargetContent else { return ":path has a forbidden character" }
            let isOrigin = value[0] == UInt8(ascii: "/")
            return isOrigin || value.equals("*") ? nil : ":path is not in origin form"
        }
        if name.equals(":authority") {
            head.authority.append(value)
            return value.isAuthority ? nil : ":authority is not a host"
        }
        if name.equals(":scheme") {
            let isKnown = value.equals("https") || value.equals("http")
            return isKnown ? nil : ":scheme is neither https nor http"
        }
        return "unknown pseudo-field"
    }

    /// Of all CONNECTs only the one that opens a WebSocket has a meaning here (RFC 8441 section 4):
    /// that of the GET which opens one on HTTP/1.1.
    private static func readConnect(_ head: Head) -> StaticString? {
        guard head.isWebSocket == (head.method == .connect) else { return "CONNECT" }
        if head.isWebSocket { head.method = .get }
        return nil
    }

    private func addStatus(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to head: Head
    ) -> StaticString? {
        guard name.equals(":status"), value.count == 3, let status = value.decimal, status >= 100
        else { return ":status is not a status" }
        head.status = status
        return nil
    }

    private mutating func addRequestField(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to head: Head
    ) -> StaticString? {
        let id = FieldName.recognise(name)
        switch id {
        case .other:
            // Servers behind CGI-like interfaces cannot tell `_` from `-`: a way to smuggle a
            // field.
            if name.firstIndex(of: UInt8(ascii: "_")) != nil { return "_ in a field name" }
            head.fields.append(name: name, value: value)
            return nil
        case .host:
            host.append(value)
            return value.isAuthority ? nil : "Host is not a host"
        case .te:
            return value.equalsIgnoringCase("trailers") ? nil : "TE is not trailers"
        case .expect:
            if !value.equalsIgnoringCase("100-continue") { isExpectationUnknown = true }
        default:
            break
        }
        return add(id, value, to: head)
    }

    private func addResponseField(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to head: Head
    ) -> StaticString? {
        let id = FieldName.recognise(name)
        if id == .te { return nil }
        if id != .other { return add(id, value, to: head) }
        head.fields.append(name: name, value: value)
        return nil
    }

    private func add(_ id: FieldName, _ value: Span<UInt8>, to head: Head) -> StaticString? {
        if id.isConnectionSpecific { return "connection-specific field" }
        if id == .contentLength {
            guard let length = value.decimal else { return "Content-Length is not a length" }
            if let other = head.contentLength, other != length { return "two Content-Lengths" }
            let isRepeated = head.contentLength != nil
            head.contentLength = length
            if isRepeated { return nil }
        }
        head.fields.append(id, value)
        return nil
    }

    private func addTrailer(
        _ name: Span<UInt8>, _ value: Span<UInt8>, to head: Head
    ) -> StaticString? {
        let id = FieldName.recognise(name)
        if id.isConnectionSpecific { return "connection-specific field" }
        if !id.isBarredFromTrailers { head.fields.append(name: name, value: value) }
        return nil
    }

    /// `Host` stands in for a missing `:authority` and may only repeat a present one.
    private mutating func completeAuthority(of head: Head) -> StaticString? {
        if host.isEmpty { return head.authority.isEmpty ? "no authority" : nil }
        if head.authority.isEmpty {
            swap(&head.authority, &host)
            return nil
        }
        return host.equalsIgnoringCase(head.authority) ? nil : "Host differs from :authority"
    }
}

extension ByteBuffer {
    fileprivate func equalsIgnoringCase(_ other: borrowing ByteBuffer) -> Bool {
        bytes.equalsIgnoringCase(other.bytes)
    }
}
