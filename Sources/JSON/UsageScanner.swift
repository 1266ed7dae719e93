import Kernel

/// Reads the token counts out of an answer that is passing by, in pieces of any size.
///
/// Chat and legacy completions, embeddings and the Responses API say them in a member `usage` of
/// the answer or of its last event, Anthropic's Messages in the first and in the last event. So one
/// rule serves them all: of every member `usage` that is an object the numbers are taken, later
/// ones take the place of earlier ones. What a model or a caller writes cannot pass for one: inside
/// a JSON string its quotes are escaped.
///
/// Looking for the name costs a fraction of a nanosecond for each byte; only the object itself is
/// looked at byte by byte. Nothing is kept but the state of the search.
public struct UsageScanner {
    /// What has been read so far.
    public private(set) var usage = TokenUsage()

    private enum Phase { case searching, beforeColon, beforeObject, inside }

    private static let name: StaticString = "\"usage\""
    private static let nameCount = 7

    private var phase = Phase.searching
    /// Bytes of the name with which the last piece ended.
    private var matched = 0
    private var lastByte: UInt8 = 0
    private var object = UsageObject()

    public init() {}

    /// The next piece of the answer.
    public mutating func passed(_ bytes: Span<UInt8>) {
        guard bytes.count > 0 else { return }
        var index = 0
        while index < bytes.count {
            switch phase {
            case .searching: index = search(bytes, from: index)
            case .beforeColon: expect(UInt8(ascii: ":"), bytes[index], &index, then: .beforeObject)
            case .beforeObject:
                expect(UInt8(ascii: "{"), bytes[index], &index, then: .inside)
                object = UsageObject()
            case .inside: index = read(bytes, from: index)
            }
        }
        lastByte = bytes[bytes.count - 1]
    }

    /// Returns where to go on: behind the object, or at the end of the bytes.
    private mutating func read(_ bytes: Span<UInt8>, from start: Int) -> Int {
        guard let end = object.passed(bytes, from: start) else { return bytes.count }
        object.merge(into: &usage)
        phase = .searching
        return end
    }

    /// White space may stand before `wanted`; anything else means that this was no such member.
    private mutating func expect(
        _ wanted: UInt8, _ byte: UInt8, _ index: inout Int, then next: Phase
    ) {
        if byte == wanted {
            phase = next
        } else if byte != 0x20, byte != 0x09, byte != 0x0a, byte != 0x0d {
            phase = .searching
            return
        }
        index += 1
    }

    /// Returns where to go on: behind the name, or at the end of the bytes.
    private mutating func search(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while matched > 0, index < bytes.count {
            guard bytes[index] == Self.letter(matched) else {
                matched = 0
                break
            }
            index += 1
            matched += 1
            if matched == Self.nameCount { return found(endingAt: index) }
        }
        guard matched == 0 else { return index }
        while let place = bytes.firstIndex(of: Self.name, from: index) {
            if !isEscaped(place, in: bytes) { return found(endingAt: place + Self.nameCount) }
            // Its last quote may be the first of the next.
            index = place + 1
        }
        matched = beginning(in: bytes, from: index)
        return bytes.count
    }

    private mutating func found(endingAt end: Int) -> Int {
        matched = 0
        phase = .beforeColon
        return end
    }

    /// How many bytes at the end of the piece may be the beginning of the name.
    private func beginning(in bytes: Span<UInt8>, from start: Int) -> Int {
        var count = min(Self.nameCount - 1, bytes.count - start)
        while count > 0 {
            let place = bytes.count - count
            var fitting = 0
            while fitting < count, bytes[place + fitting] == Self.letter(fitting) { fitting += 1 }
            if fitting == count, !isEscaped(place, in: bytes) { return count }
            count -= 1
        }
        return 0
    }

    /// The quote at `place` is part of a string.
    private func isEscaped(_ place: Int, in bytes: Span<UInt8>) -> Bool {
        (place > 0 ? bytes[place - 1] : lastByte) == UInt8(ascii: "\\")
    }

    private static func letter(_ index: Int) -> UInt8 {
        name.withUTF8Buffer { unsafe $0[index] }
    }
}
