import Proxy

/// Where an event stream was cut off, against a reader of whole lines.
enum EventStreamCheck {
    static func run(_ input: [UInt8]) throws(Violation) {
        let expected = closing(of: input)
        for cuts in [Cuts.whole(input), .seeded(input), .bytewise(input)] {
            var tail = EventStreamTail()
            for piece in cuts.pieces { tail.passed(piece.span) }
            try require(
                "\(tail.closing)" == expected, "\(tail.closing.utf8CodeUnitCount) line ends missing"
            )
        }
    }

    /// A line ends at CR LF, LF or CR; an empty line ends an event (WHATWG HTML, section 9.2).
    private static func closing(of input: [UInt8]) -> String {
        var lines = [0]
        var index = 0
        while index < input.count {
            if input[index] == 0x0d || input[index] == 0x0a {
                lines.append(0)
                if input[index...].starts(with: [0x0d, 0x0a]) { index += 1 }
            } else {
                lines[lines.count - 1] += 1
            }
            index += 1
        }
        if lines[lines.count - 1] > 0 { return "\n\n" }
        return lines.count == 1 || lines[lines.count - 2] == 0 ? "" : "\n"
    }
}
