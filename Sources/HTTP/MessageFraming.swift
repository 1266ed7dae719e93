import Kernel

/// What the fields of one head say about the connection and about where the message ends.
///
/// Fields that only concern this hop end here; all others are added to the head. `finish` checks
/// what can be known only when every field has been seen.
struct MessageFraming: ~Copyable {
    private(set) var isChunked = false
    private(set) var hasHost = false
    private(set) var wantsClose = false
    private(set) var wantsKeepAlive = false
    /// `Expect: 100-continue` was said.
    private(set) var expectsContinue = false
    private var expectsOther = false
    private var wantsUpgrade = false
    private var namesWebSocket = false
    /// Protocols that Upgrade named.
    private var upgradeCount = 0
    /// What Connection named besides the options known here, each followed by a comma.
    private var named = ByteBuffer()
    private var namedCount = 0

    mutating func reset() {
        isChunked = false
        hasHost = false
        wantsClose = false
        wantsKeepAlive = false
        expectsContinue = false
        expectsOther = false
        wantsUpgrade = false
        namesWebSocket = false
        upgradeCount = 0
        named.removeAll(keepingCapacity: 256)
        namedCount = 0
    }

    /// Checks the field line `line` and stores what it says. `isTrailer`: of a trailer section.
    mutating func take(
        _ line: Span<UInt8>, into head: Head, role: Role, isTrailer: Bool
    ) throws(MessageFault) {
        if line[0].isSpaceOrTab { throw .malformed("line folding") }
        let colon = line.leadingTokenCount
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else {
            throw .malformed("invalid field name")
        }
        let name = line.extracting(0..<colon)
        let value = line.extracting(colon + 1..<line.count).trimmed
        guard value.isFieldContent else { throw .malformed("invalid field value") }
        let known = FieldName.recognise(name)
        if isTrailer {
            try takeTrailer(known, name, value, into: head)
        } else if try !takeControl(known, value, into: head, role: role) {
            head.fields.append(known, name: name, value: value)
        }
    }

    /// Whether the field ends here. Content-Length and Expect are also kept as fields.
    private mutating func takeControl(
        _ name: FieldName, _ value: Span<UInt8>, into head: Head, role: Role
    ) throws(MessageFault) -> Bool {
        switch name {
        case .host where role == .server:
            try takeHost(value, into: head)
            return true
        case .contentLength:
            guard head.contentLength == nil else { throw .malformed("two Content-Length fields") }
            guard let length = value.decimal else { throw .malformed("invalid Content-Length") }
            head.contentLength = length
            return false
        case .transferEncoding:
            guard !isChunked else { throw .malformed("two Transfer-Encoding fields") }
            guard value.equalsIgnoringCase("chunked") else {
                throw .malformed("transfer coding other than chunked")
            }
            isChunked = true
            return true
        case .connection:
            takeConnection(value)
            return true
        case .expect where role == .server:
            if value.equalsIgnoringCase("100-continue") {
                expectsContinue = true
            } else {
                expectsOther = true
            }
            return false
        case .upgrade:
            takeUpgrade(value)
            return true
        case .keepAlive, .proxyConnection, .te:
            return true
        default:
            return false
        }
    }

    private mutating func takeHost(_ value: Span<UInt8>, into head: Head) throws(MessageFault) {
        guard !hasHost else { throw .malformed("two Host fields") }
        hasHost = true
        guard value.isAuthority else { throw .malformed("invalid Host") }
        if head.authority.isEmpty {
            head.authority.append(value)
        } else {
            let isSame = head.authority.equalsIgnoringCase(value)
            guard isSame else { throw .malformed("Host differs from the request target") }
        }
    }

    private mutating func takeConnection(_ list: Span<UInt8>) {
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: UInt8(ascii: ","), from: start) ?? list.count
            let option = list.extracting(start..<end).trimmed
            if option.equalsIgnoringCase("close") {
                wantsClose = true
            } else if option.equalsIgnoringCase("keep-alive") {
                wantsKeepAlive = true
            } else if option.equalsIgnoringCase("upgrade") {
                wantsUpgrade = true
            } else if option.count > 0 {
                named.append(option)
                named.append(UInt8(ascii: ","))
                namedCount += 1
            }
            start = end + 1
        }
    }

    /// RFC 9110 section 7.8. Of all protocols only WebSocket is known here.
    private mutating func takeUpgrade(_ list: Span<UInt8>) {
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: UInt8(ascii: ","), from: start) ?? list.count
            let name = list.extracting(start..<end).trimmed
            if name.count > 0 { upgradeCount += 1 }
            if name.equalsIgnoringCase("websocket") { namesWebSocket = true }
            start = end + 1
        }
    }

    /// What would change the meaning of a head that has been acted on is refused (RFC 9110 section
    /// 6.5.1), what concerns this hop is dropped.
    private func takeTrailer(
        _ known: FieldName, _ name: Span<UInt8>, _ value: Span<UInt8>, into head: Head
    ) throws(MessageFault) {
        switch known {
        case .contentLength, .transferEncoding, .host:
            throw .malformed("framing or routing field in the trailers")
        case .connection, .keepAlive, .proxyConnection, .upgrade, .te, .trailer, .expect:
            break
        default:
            head.fields.append(known, name: name, value: value)
        }
    }

    /// Ends the head. `optionLimit` bounds what Connection may name, since each is looked for in
    /// the fields.
    mutating func finish(_ head: Head, role: Role, optionLimit: Int) throws(MessageFault) {
        if isChunked {
            guard head.contentLength == nil else {
                throw .malformed("Content-Length beside Transfer-Encoding")
            }
            guard !head.isHTTP10 else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
        }
        if role == .server {
            guard hasHost || head.isHTTP10 else { throw .malformed("no Host") }
            if head.isHTTP10 {
                // RFC 9110 section 10.1.1: an HTTP/1.0 client cannot mean it.
                expectsContinue = false
                head.fields.remove(.expect)
            } else if expectsOther {
                throw .expectationFailed
            }
        }
        head.isWebSocket = opensWebSocket(head, role)
        guard namedCount <= optionLimit else { throw .fieldsTooLarge }
        if namedCount > 0 { removeNamed(from: head) }
    }

    private func removeNamed(from head: Head) {
        var start = 0
        while let end = named.bytes.firstIndex(of: UInt8(ascii: ","), from: start) {
            head.fields.remove(named: named.slice(start..<end))
            start = end + 1
        }
    }

    /// A request may offer several protocols; a 101 that names more than one stacks them.
    private func opensWebSocket(_ head: Head, _ role: Role) -> Bool {
        guard wantsUpgrade, namesWebSocket, !head.isHTTP10 else { return false }
        return switch role {
        case .server: head.method == .get
        case .client: head.status == 101 && upgradeCount == 1
        }
    }

    /// Whether the peer lets the connection live on (RFC 9112 section 9.3).
    func persists(isHTTP10: Bool) -> Bool {
        !wantsClose && (!isHTTP10 || wantsKeepAlive)
    }
}
