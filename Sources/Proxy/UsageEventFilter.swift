import JSON
import Kernel

/// Takes the one event out of an event stream that the client did not ask for: the chunk without
/// choices that tells the usage.
///
/// Every other byte passes in the turn in which it comes, but for the beginning of an event of
/// which the rest is still missing: no client can use that before its end, and this event must be
/// known whole. Only events that begin with `data:` are kept back so, and none beyond `longest`.
final class UsageEventFilter {
    /// A chunk of usage has some hundred bytes.
    private static let longest = 16_384
    private static let beginning = Array("data:".utf8)

    private enum Position { case boundary, lineStart, line }
    private enum Step { case inside, end, behindEnd }

    private var position = Position.boundary
    private var lastWasCR = false
    /// The beginning of the event under way.
    private var held = ByteBuffer()
    /// The event under way is another one, and the client has its beginning.
    private var isPassing = false
    private var wasTaken = false

    /// The next piece of the stream: `send` gets what the client may have now.
    func passed(_ bytes: Span<UInt8>, _ reader: JSONReader, _ send: (Span<UInt8>) -> Void) {
        var sent = 0
        var start = 0
        for index in bytes.indices {
            switch step(bytes[index]) {
            case .inside: continue
            case .behindEnd: if wasTaken { sent = index + 1 }
            case .end:
                let event = bytes.extracting(start..<index + 1)
                if !held.isEmpty {
                    endHeld(event, reader, send)
                    sent = index + 1
                } else if takes(event, reader) {
                    if start > sent { send(bytes.extracting(sent..<start)) }
                    sent = index + 1
                }
                isPassing = false
            }
            start = index + 1
        }
        let isKept = start < bytes.count && !isPassing
        let end = isKept ? start : bytes.count
        if end > sent { send(bytes.extracting(sent..<end)) }
        if isKept { keep(bytes.extracting(start..<bytes.count), send) }
    }

    /// The stream is over: what is held has no end.
    func ended(_ send: (Span<UInt8>) -> Void) {
        if !held.isEmpty { held.withBytes(send) }
        held.removeAll()
    }

    private func keep(_ bytes: Span<UInt8>, _ send: (Span<UInt8>) -> Void) {
        held.append(bytes)
        guard held.count > Self.longest || !held.withBytes(Self.mayBegin) else { return }
        isPassing = true
        ended(send)
    }

    private func endHeld(
        _ rest: Span<UInt8>, _ reader: JSONReader, _ send: (Span<UInt8>) -> Void
    ) {
        held.append(rest)
        wasTaken = held.withBytes { Self.tellsUsageOnly($0, reader) }
        if !wasTaken { held.withBytes(send) }
        held.removeAll()
    }

    private func takes(_ event: Span<UInt8>, _ reader: JSONReader) -> Bool {
        wasTaken = !isPassing && Self.tellsUsageOnly(event, reader)
        return wasTaken
    }

    /// Lines end at CR LF, LF or CR; an empty one ends an event. The LF of a CR that did belongs to
    /// the event before.
    private func step(_ byte: UInt8) -> Step {
        let followsCR = lastWasCR
        lastWasCR = byte == 0x0d
        guard byte == 0x0a || byte == 0x0d else {
            position = .line
            return .inside
        }
        if byte == 0x0a, followsCR { return position == .boundary ? .behindEnd : .inside }
        position = position == .line ? .lineStart : .boundary
        return position == .boundary ? .end : .inside
    }

    private static func mayBegin(_ event: Span<UInt8>) -> Bool {
        for index in 0..<min(event.count, beginning.count) {
            if event[index] != beginning[index] { return false }
        }
        return true
    }

    /// `{…, "choices": [], "usage": {…}, …}` in one line of data.
    private static func tellsUsageOnly(_ event: Span<UInt8>, _ reader: JSONReader) -> Bool {
        guard mayBegin(event), hasNoChoices(event) else { return false }
        var end = event.count
        while end > 0, event[end - 1] == 0x0a || event[end - 1] == 0x0d { end -= 1 }
        guard end > beginning.count else { return false }
        let line = event.extracting(beginning.count..<end)
        defer { reader.close() }
        guard let root = try? reader.open(line), root.value.kind == .object else { return false }
        var isEmpty = false
        var hasUsage = false
        var next = reader.first(in: root, of: line)
        while let member = next, let name = member.name {
            if line.extracting(name).equals("choices"), member.value.kind == .array {
                isEmpty = reader.first(in: member, of: line) == nil
            } else if line.extracting(name).equals("usage") {
                hasUsage = member.value.kind == .object
            }
            next = reader.next(after: member, of: line)
        }
        return isEmpty && hasUsage
    }

    /// A look without parsing, which nearly all events end at.
    private static func hasNoChoices(_ event: Span<UInt8>) -> Bool {
        let name: StaticString = "\"choices\""
        var start = 0
        while let place = event.firstIndex(of: name, from: start) {
            start = place + name.utf8CodeUnitCount
            var index = start
            while index < event.count, isBetween(event[index]) { index += 1 }
            if index < event.count, event[index] == UInt8(ascii: "]") { return true }
        }
        return false
    }

    private static func isBetween(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, UInt8(ascii: ":"), UInt8(ascii: "["): true
        default: false
        }
    }
}
