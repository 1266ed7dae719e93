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
            append(contentsOf: head.methodText)
        } else {
            append(head.method.text)
        }
        append(UInt8(ascii: " "))
        append(contentsOf: head.target)
        append(" HTTP/1.1\r\nhost: ")
        append(contentsOf: head.authority)
        append("\r\n")
    }

    /// Every field except those that frame the message or concern one hop, which the codec says itself.
    mutating func append(_ fields: borrowing Fields, isRequest: Bool) {
        reserve(fields.wireSize + 128)
        var index = 0
        while index < fields.count {
            switch fields.id(at: index) {
            case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .te,
                .contentLength:
                break
            case .host where isRequest:
                break
            default:
                append(field: index, of: fields)
            }
            index += 1
        }
    }

    mutating func append(trailers fields: borrowing Fields) {
        guard fields.areWritable else { return }
        var index = 0
        while index < fields.count {
            switch fields.id(at: index) {
            case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .te,
                .contentLength, .host, .trailer, .expect:
                break
            default:
                append(field: index, of: fields)
            }
            index += 1
        }
    }

    private mutating func append(field index: Int, of fields: borrowing Fields) {
        append(fields.name(at: index))
        append(": ")
        append(fields.value(at: index))
        append("\r\n")
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

extension Fields {
    /// Whether every field can be written as one line that no reader takes for two.
    var areWritable: Bool {
        var index = 0
        while index < count {
            guard id(at: index) != .other || name(at: index).isToken else { return false }
            guard value(at: index).isFieldContent else { return false }
            index += 1
        }
        return true
    }

    /// The bytes the fields take on the wire.
    var wireSize: Int { listSize - count * 28 }
}
