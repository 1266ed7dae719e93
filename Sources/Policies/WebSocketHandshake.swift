import Crypto
import Errors
import HTTP
import Kernel

/// The opening handshake of WebSocket (RFC 6455 section 4, RFC 8441 section 5), as far as a tunnel
/// takes part in it: what the client asks is checked, the upstream is asked in the gateway's own
/// name, and subprotocols and extensions are left to the two ends.
public enum WebSocketHandshake {
    /// How a browser, which cannot set Authorization, names its key among the subprotocols.
    private static let keyPrefix: StaticString = "openai-insecure-api-key."
    private static let version: StaticString = "13"

    // MARK: The client's request

    /// Why the request does not open a WebSocket; nil: it does. `isEnd`: no body follows.
    public static func fault(of request: Head, isEnd: Bool, isHTTP2: Bool) -> GatewayError? {
        guard request.isWebSocket else { return .upgradeRequired }
        guard request.contentLength == nil, isEnd != isHTTP2 else {
            return .malformedRequest("a WebSocket handshake with a body")
        }
        return fault(of: request.fields, isHTTP2: isHTTP2)
    }

    private static func fault(of fields: borrowing Fields, isHTTP2: Bool) -> GatewayError? {
        guard let version = single(.secWebSocketVersion, in: fields), version.equals(Self.version)
        else { return .upgradeRequired }
        guard !isHTTP2 else { return nil }
        guard let key = single(.secWebSocketKey, in: fields), isKey(key) else {
            return .malformedRequest("no valid Sec-WebSocket-Key")
        }
        return nil
    }

    /// The value of the only field of that name.
    @_lifetime(borrow fields)
    private static func single(
        _ name: FieldName, in fields: borrowing Fields
    ) -> Span<UInt8>? {
        guard let index = fields.index(of: name), fields.index(of: name, from: index + 1) == nil
        else { return nil }
        return fields.value(at: index)
    }

    /// 16 bytes in base64.
    private static func isKey(_ value: Span<UInt8>) -> Bool {
        guard value.count == 24, value[22] == UInt8(ascii: "="), value[23] == UInt8(ascii: "=")
        else { return false }
        for index in 0..<22 {
            switch value[index] {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                break
            default: return false
            }
        }
        return true
    }

    /// Takes keys out of the subprotocols and, if they count as credentials here, puts each where
    /// every other client puts its own. A request that has that already keeps it.
    public static func takeKeys(from fields: inout Fields, areCredentials: Bool) {
        guard fields.contains(.secWebSocketProtocol) else { return }
        var keys = ByteBuffer()
        var kept = ByteBuffer()
        var index = fields.index(of: .secWebSocketProtocol)
        while let found = index {
            sort(fields.value(at: found), keys: &keys, kept: &kept)
            index = fields.index(of: .secWebSocketProtocol, from: found + 1)
        }
        fields.remove(.secWebSocketProtocol)
        if !kept.isEmpty { fields.append(.secWebSocketProtocol, kept.bytes) }
        guard areCredentials, !keys.isEmpty, !fields.contains(.authorization),
            !fields.contains(.xApiKey)
        else { return }
        fields.append(.authorization) {
            $0.append("Bearer ")
            $0.append(keys)
        }
    }

    /// The entries of one list, each followed by a comma unless it is the last. Two keys come out
    /// as one with a comma inside, which is nobody's.
    private static func sort(
        _ list: Span<UInt8>, keys: inout ByteBuffer, kept: inout ByteBuffer
    ) {
        let prefix = keyPrefix.utf8CodeUnitCount
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: UInt8(ascii: ","), from: start) ?? list.count
            let entry = list.extracting(start..<end).trimmed
            start = end + 1
            guard entry.count > 0 else { continue }
            let isKey =
                entry.count >= prefix && entry.extracting(0..<prefix).equalsIgnoringCase(keyPrefix)
            if isKey {
                if !keys.isEmpty { keys.append(UInt8(ascii: ",")) }
                keys.append(entry.extracting(prefix..<entry.count))
            } else {
                if !kept.isEmpty { kept.append(", ") }
                kept.append(entry)
            }
        }
    }

    // MARK: The upstream's

    /// Writes a new key out of random numbers.
    public static func writeKey(_ random: (UInt64, UInt64), into key: inout ByteBuffer) {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<8 {
            bytes[index] = UInt8(truncatingIfNeeded: random.0 >> UInt64(8 * index))
            bytes[index + 8] = UInt8(truncatingIfNeeded: random.1 >> UInt64(8 * index))
        }
        key.append(base64: bytes.span)
    }

    /// Adds what an upstream is asked: what the client asked, with a key of the gateway's own.
    /// HTTP/2 has none.
    public static func appendRequest(
        _ client: borrowing Fields, key: borrowing ByteBuffer, to upstream: inout Fields
    ) {
        upstream.append(.secWebSocketVersion, version)
        if !key.isEmpty { upstream.append(.secWebSocketKey, key.bytes) }
        copyAgreement(client, to: &upstream)
    }

    /// Whether the fields of a 101 answer the request that had `key`.
    public static func isAnswer(_ upstream: borrowing Fields, to key: borrowing ByteBuffer) -> Bool
    {
        var expected = ByteBuffer()
        guard writeAccept(for: key.bytes, into: &expected),
            let accept = single(.secWebSocketAccept, in: upstream)
        else { return false }
        return accept.equals(expected.bytes)
    }

    // MARK: The client's answer

    /// Adds what the upstream agreed to and, for the key of an HTTP/1.1 client, the proof that its
    /// request was read. False: the proof cannot be made, for lack of SHA-1 or of memory.
    public static func appendAnswer(
        _ upstream: borrowing Fields, to request: borrowing Fields, isHTTP2: Bool,
        into client: inout Fields
    ) -> Bool {
        copyAgreement(upstream, to: &client)
        guard !isHTTP2, let key = single(.secWebSocketKey, in: request) else { return true }
        var accept = ByteBuffer()
        guard writeAccept(for: key, into: &accept) else { return false }
        client.append(.secWebSocketAccept, accept.bytes)
        return true
    }

    /// Adds which version is spoken here.
    public static func appendVersion(to fields: inout Fields) {
        fields.append(.secWebSocketVersion, version)
    }

    private static func writeAccept(for key: Span<UInt8>, into output: inout ByteBuffer) -> Bool {
        var salted = ByteBuffer()
        salted.append(key)
        salted.append("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        guard let digest = SHA1.hash(salted.bytes) else { return false }
        output.append(base64: digest.span)
        return true
    }

    /// Subprotocols and extensions are between the two ends.
    private static func copyAgreement(_ from: borrowing Fields, to: inout Fields) {
        var index = 0
        while index < from.count {
            switch from.id(at: index) {
            case .secWebSocketProtocol, .secWebSocketExtensions: to.append(field: index, of: from)
            default: break
            }
            index += 1
        }
    }
}
