/// The pieces in which an input arrives.
struct Cuts {
    let pieces: [[UInt8]]

    static func whole(_ input: [UInt8]) -> Cuts { Cuts(pieces: [input]) }

    static func bytewise(_ input: [UInt8]) -> Cuts { Cuts(pieces: input.map { [$0] }) }

    /// Cut at places that only the input decides.
    static func seeded(_ input: [UInt8]) -> Cuts {
        var random = SeededRandom(hashing: input)
        let most = [2, 16, 120, 1_000][Int(random.next() & 3)]
        var pieces: [[UInt8]] = []
        var start = 0
        while start < input.count {
            let end = min(input.count, start + 1 + Int(random.next() % UInt64(most)))
            pieces.append(Array(input[start..<end]))
            start = end
        }
        return Cuts(pieces: pieces)
    }
}
