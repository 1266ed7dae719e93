/// Where in an event stream (WHATWG HTML, section 9.2) the bytes sent so far have ended.
///
/// Only needed when the stream has to end early: what is missing to close the event under way.
package struct EventStreamTail {
    private enum Position { case boundary, lineStart, line }

    private var position = Position.boundary
    private var lastWasCR = false

    package init() {}

    /// Looks at the last few bytes only: two line ends in a row close an event.
    package mutating func passed(_ bytes: Span<UInt8>) {
        guard bytes.count > 0 else { return }
        var index = max(0, bytes.count - 4)
        if index > 0 {
            position = .line
            lastWasCR = false
        }
        while index < bytes.count {
            step(bytes[index])
            index += 1
        }
    }

    private mutating func step(_ byte: UInt8) {
        switch byte {
        case 0x0a where lastWasCR: lastWasCR = false
        case 0x0a, 0x0d:
            position = position == .line ? .lineStart : .boundary
            lastWasCR = byte == 0x0d
        default:
            position = .line
            lastWasCR = false
        }
    }

    /// What ends a partial event with a blank line; empty at an event's boundary.
    package var closing: StaticString {
        switch position {
        case .boundary: ""
        case .lineStart: "\n"
        case .line: "\n\n"
        }
    }
}
