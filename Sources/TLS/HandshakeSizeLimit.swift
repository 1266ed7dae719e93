/// Refuses handshake messages that announce an unreasonable size, before OpenSSL sees them.
///
/// OpenSSL allocates and clears what a message header announces, up to 131,396 bytes for a
/// ClientHello, so nine bytes of input would cost 128 KiB. Genuine ones are below 4 KiB, even with
/// post-quantum key shares and a large ticket.
///
/// It follows the cleartext records of a handshake (RFC 8446 section 5.1) with messages split in
/// any way, and skips all other records. What is encrypted it does not see, but nobody gets that
/// far without a completed key exchange.
struct HandshakeSizeLimit {
    /// Bytes of one message.
    static let messageBytes = 16_384

    private static let changeCipherSpec: UInt8 = 20
    private static let handshake: UInt8 = 22
    private static let applicationData: UInt8 = 23

    private var isDone = false
    private var contentType: UInt8 = 0
    /// Bytes seen of a record's header, and bytes of its content still to come.
    private var recordHeader = 0
    private var recordRest = 0
    /// Bytes seen of a message's header, and bytes of its content still to come.
    private var messageHeader = 0
    private var messageRest = 0

    /// Looks at the next bytes of the stream. `isTLS12`: this version has been chosen, in which
    /// everything behind ChangeCipherSpec is encrypted; in TLS 1.3 it means nothing, and a second
    /// ClientHello may follow it. Returns the announced size that is too large, or nil.
    mutating func excess(in bytes: Span<UInt8>, isTLS12: Bool) -> Int? {
        var index = 0
        while index < bytes.count, !isDone {
            if recordHeader < 5 {
                takeRecordHeader(bytes[index], isTLS12: isTLS12)
                index += 1
            } else if contentType != Self.handshake || messageHeader == 4 {
                let isMessage = contentType == Self.handshake
                let wanted = isMessage ? min(recordRest, messageRest) : recordRest
                let count = min(wanted, bytes.count - index)
                index += count
                recordRest -= count
                if isMessage { messageRest -= count }
            } else if recordRest > 0 {
                takeMessageHeader(bytes[index])
                index += 1
                recordRest -= 1
                if messageHeader == 4, messageRest > Self.messageBytes { return messageRest }
            }
            if messageHeader == 4, messageRest == 0 { messageHeader = 0 }
            if recordHeader == 5, recordRest == 0 { recordHeader = 0 }
        }
        return nil
    }

    private mutating func takeRecordHeader(_ byte: UInt8, isTLS12: Bool) {
        switch recordHeader {
        case 0:
            contentType = byte
            // Not a record at all: OpenSSL will refuse it.
            let isRecord = byte >= Self.changeCipherSpec && byte <= Self.applicationData
            if !isRecord || byte == Self.changeCipherSpec && isTLS12 { isDone = true }
        case 3: recordRest = Int(byte) << 8
        case 4: recordRest |= Int(byte)
        default: break
        }
        recordHeader += 1
    }

    private mutating func takeMessageHeader(_ byte: UInt8) {
        messageRest = messageHeader == 0 ? 0 : messageRest << 8 | Int(byte)
        messageHeader += 1
    }
}
