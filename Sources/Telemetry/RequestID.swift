import HTTP
import Kernel

/// The name of one request in logs and in `x-request-id`, held without memory from the heap.
public struct RequestID: Sendable {
    /// The longest id of a client's that is kept, in bytes.
    public static let longest = 128

    private var storage: InlineArray<128, UInt8>
    private var count: Int

    /// The client's own when it is 1–128 of `[A-Za-z0-9._-]` and there is only one, else a new UUID
    /// of version 4 made of `random`.
    public init(_ fields: borrowing Fields, random: (UInt64, UInt64)) {
        if let index = fields.index(of: .xRequestID),
            fields.index(of: .xRequestID, from: index + 1) == nil,
            let own = RequestID(keeping: fields.value(at: index))
        {
            self = own
        } else {
            self.init(random: random)
        }
    }

    /// The bytes as they are, if they may stand for an id.
    public init?(keeping text: Span<UInt8>) {
        guard text.count >= 1, text.count <= Self.longest else { return nil }
        storage = InlineArray(repeating: 0)
        count = text.count
        var index = 0
        while index < text.count {
            guard Self.isAllowed(text[index]) else { return nil }
            storage[index] = text[index]
            index += 1
        }
    }

    /// A UUID of version 4 (RFC 9562 section 5.4); 6 of the random bits give way to its version and
    /// variant.
    public init(random: (UInt64, UInt64)) {
        storage = InlineArray(repeating: 0)
        count = 36
        let high = random.0 & 0xffff_ffff_ffff_0fff | 0x4000
        let low = random.1 & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        let first = HexDigits.text(of: high)
        let last = HexDigits.text(of: low)
        for digit in 0..<16 {
            // Dashes stand behind the digits 8, 12, 16 and 20.
            let dashes = (digit >= 8 ? 1 : 0) + (digit >= 12 ? 1 : 0)
            storage[digit + dashes] = first[digit]
            storage[digit + 19 + (digit >= 4 ? 1 : 0)] = last[digit]
        }
        storage[8] = UInt8(ascii: "-")
        storage[13] = UInt8(ascii: "-")
        storage[18] = UInt8(ascii: "-")
        storage[23] = UInt8(ascii: "-")
    }

    public func write(into output: inout ByteBuffer) {
        output.append(storage.span.extracting(0..<count))
    }

    /// The id as a `String`, for tests.
    public var text: String { storage.span.extracting(0..<count).text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
