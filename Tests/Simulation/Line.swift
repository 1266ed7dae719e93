import Kernel

/// Both directions of one connection, with the bounds and the edges of a real socket.
final class Line {
    let ordinal: Int
    /// For the gateway to read.
    var arriving = ByteBuffer()
    /// What the gateway wrote and its peer has not read.
    var leaving = ByteBuffer()
    /// Bytes either direction holds.
    let capacity: Int
    /// The peer sends no more.
    private(set) var hasPeerEnded = false
    /// The gateway sends no more.
    var hasGatewayEnded = false
    /// The gateway has let go of its end.
    var isReleased = false
    private(set) var isBroken = false
    var connectFault: SystemFault?
    var token: UInt64 = 0

    // What the poller would tell next.
    var isNewlyReadable = false
    var isNewlyWritable = false
    var isNewlyEnded = false
    var isNewlyBroken = false

    init(_ ordinal: Int, capacity: Int) {
        self.ordinal = ordinal
        self.capacity = capacity
    }

    /// The peer's reset or crash.
    func breakOff() {
        guard !isBroken else { return }
        isBroken = true
        isNewlyBroken = true
    }

    func endByPeer() {
        guard !hasPeerEnded else { return }
        hasPeerEnded = true
        isNewlyEnded = true
    }

    var hasNews: Bool {
        !isReleased && (isNewlyReadable || isNewlyWritable || isNewlyEnded || isNewlyBroken)
    }

    /// What the poller tells, all at once; later events repeat that the end was met.
    func takeNews() -> Readiness {
        let news = Readiness(
            isReading: isNewlyReadable, isWriting: isNewlyWritable,
            isEnding: isNewlyEnded || hasPeerEnded, isBreaking: isNewlyBroken || isBroken)
        (isNewlyReadable, isNewlyWritable, isNewlyEnded) = (false, false, false)
        isNewlyBroken = false
        return news
    }
}
