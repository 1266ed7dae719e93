/// One way to have a model served.
public struct ModelTarget: Sendable {
    /// Index in the snapshot's upstreams.
    public let upstream: Int
    /// What the model is called there; nil: as the client calls it.
    public let name: [UInt8]?
    /// Its share of the requests, beside the weights of those it is drawn with.
    let weight: Int
    /// Shown there in place of the upstream's own; nil: that.
    public let credential: OperatorCredential?

    public init(
        upstream: Int, name: String? = nil, weight: Int = 1, credential: OperatorCredential? = nil
    ) {
        self.upstream = upstream
        self.name = name.map { Array($0.utf8) }
        self.weight = max(1, weight)
        self.credential = credential
    }

    /// Whether a request would find the same there.
    func isSame(as other: ModelTarget) -> Bool {
        upstream == other.upstream && name == other.name && credential === other.credential
    }
}
