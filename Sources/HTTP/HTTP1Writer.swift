import Kernel

/// Heads and chunks as HTTP/1.1 spells them (RFC 9112 sections 3 to 7).
extension ByteBuffer {
    mutating func appendStatusLine(_ status: Int) {
        if status == 200 {
            append("HTTP/1.1 200 OK\r\n")
            return
        }
        append("HTTP/1.1 ")
        append(decimal: status)
        append(UInt8(ascii: " "))
        append(reasonPhrase(status))
        append("\r\n")
    }

    mutating func appendRequestLine(of head: Head) {
        if head.method == .other {
            append(head.methodText)
        } else {
            append(head.method.text)
        }
        append(UInt8(ascii: " "))
        append(head.target)
        append(" HTTP/1.1\r\nhost: ")
        append(head.authority)
        append("\r\n")
    }

    /// Every field except those that frame the message or concern one hop, which the codec says
    /// itself.
    mutating func append(_ fields: borrowing Fields, isRequest: Bool) {
        reserve(fields.arena.count + 128)
        appendLines(of: fields) { name in
            switch name {
            case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .te,
                .contentLength:
                false
            case .host: !isRequest
            default: true
            }
        }
    }

    mutating func append(trailers fields: borrowing Fields) {
        guard fields.areWritable else { return }
        appendLines(of: fields) { name in
            switch name {
            case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .te,
                .contentLength, .host, .trailer, .expect:
                false
            default: true
            }
        }
    }

    /// The fields that `isKept` lets through; lines that stand together in the arena in one copy.
    @inline(__always)
    private mutating func appendLines(
        of fields: borrowing Fields, where isKept: (FieldName) -> Bool
    ) {
        var start = 0
        var end = 0
        var index = 0
        while index < fields.entries.count {
            let entry = fields.entries[index]
            index += 1
            guard isKept(entry.name) else { continue }
            if entry.start != end {
                append(fields.arena.slice(start..<end))
                start = entry.start
            }
            end = entry.end
        }
        append(fields.arena.slice(start..<end))
    }

    mutating func appendContentLength(_ length: Int) {
        append("content-length: ")
        append(decimal: length)
        append("\r\n")
    }

    /// One chunk; `bytes` is not empty, as an empty chunk would be the last.
    mutating func appendChunk(_ bytes: Span<UInt8>) {
        let digits = (64 - bytes.count.leadingZeroBitCount + 3) / 4
        reserve(bytes.count + digits + 4)
        append(hex: UInt64(bytes.count), digits: digits)
        append("\r\n")
        append(bytes)
        append("\r\n")
    }
}

extension ByteBuffer {
    var isToken: Bool { bytes.isToken }
    var isTargetContent: Bool { bytes.isTargetContent }
    var isAuthority: Bool { bytes.isAuthority }

    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool { bytes.equalsIgnoringCase(other) }
}
