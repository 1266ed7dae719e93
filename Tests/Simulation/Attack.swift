/// What a hostile client does, and what may come of it.
struct Attack: Sendable {
    /// What becomes of its connection.
    enum End { case cut, either }
    /// How far its requests may get: not to an upstream, without an end, with one.
    enum Reach { case nobody, part, whole }

    let name: String
    let isHTTP2: Bool
    var end = End.cut
    var reach = Reach.nobody
    /// The most answers it may get over HTTP/1.1.
    var answers = Int.max
    /// None of them may be a success.
    var isRefused = false
    let opening: @Sendable (Aim) -> [UInt8]
    /// So many pieces behind the opening, all at once, are more than any budget bears.
    var pieces = 0
    var piece: @Sendable (Aim, Int) -> [UInt8] = { _, _ in [] }

    /// Over HTTP/2, behind the preface.
    static func http2(
        _ name: String, _ end: End = .cut, reach: Reach = .nobody,
        opening: @escaping @Sendable (Aim) -> [UInt8] = { _ in [] }
    ) -> Attack {
        Attack(name: name, isHTTP2: true, end: end, reach: reach) { Frame.opening + opening($0) }
    }

    /// The attack that goes on with so many pieces.
    func going(
        on pieces: Int, _ piece: @escaping @Sendable (Aim, Int) -> [UInt8]
    ) -> Attack {
        var attack = self
        attack.pieces = pieces
        attack.piece = piece
        return attack
    }

    static let all = [
        floods, resets, illegalFrames, heads, windows, strangePrefaces, ambiguousHeads,
        brokenChunks, slowAndGreedy,
    ]
}
