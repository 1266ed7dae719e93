/// What a hostile upstream says in place of an answer, and what its client may get of it.
struct Villainy: Sendable {
    enum Outcome {
        /// An error of the gateway's own, and nothing of the upstream's.
        case refused
        /// The same, or the beginning of the answer.
        case broken
        /// The answer, and nothing of what is wrong beside it.
        case whole
    }

    /// What is known where it is said.
    struct Scene {
        let stream: Int
        /// What the answer says of itself.
        let name: String
        let body: [UInt8]
        let type: String
    }

    let name: String
    let outcome: Outcome
    /// Other streams of the connection have nothing to do with it.
    var isContained = false
    /// The connection is closed behind it.
    var isLast = false
    /// Bytes of the answer's body; nil: few.
    var bodyBytes: Int?
    /// Whoever asked has to be told that nothing was done for them.
    var isRefusal = false
    let words: @Sendable (Scene) -> [UInt8]
}
