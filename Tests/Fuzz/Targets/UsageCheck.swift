import JSON

/// Token counts read off an answer.
enum UsageCheck {
    static func run(_ input: [UInt8]) throws(Violation) {
        let whole = scan(.whole(input))
        for cuts in [Cuts.seeded(input), .bytewise(input)] {
            let found = scan(cuts)
            try require(found == whole, "\(whole) became \(found) in pieces")
        }
        try require(whole.input ?? 0 >= 0 && whole.output ?? 0 >= 0, "a negative count: \(whole)")
    }

    private static func scan(_ cuts: Cuts) -> TokenUsage {
        var scanner = UsageScanner()
        for piece in cuts.pieces { scanner.passed(piece.span) }
        return scanner.usage
    }
}
