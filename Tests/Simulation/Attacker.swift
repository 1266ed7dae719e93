import Kernel

/// A client that keeps no rule. It has no codec: it says what its attack says, cut anywhere, and
/// listens or does not.
final class Attacker {
    let line: Line
    let attack: Attack
    /// The request that stands for all it sends upstream.
    let request: Request
    let isReading: Bool
    private let aim: Aim
    private var output: [UInt8]
    private var written = 0
    private(set) var pieces = 0
    private(set) var sentBytes = 0
    /// The schedule ended its connection.
    private(set) var hasLeft = false
    private(set) var frames = FrameReader()
    private(set) var answers = AnswerReader()
    private unowned let world: World

    init(_ attack: Attack, _ line: Line, _ request: Request, isReading: Bool, world: World) {
        self.attack = attack
        self.line = line
        self.request = request
        self.isReading = isReading
        self.world = world
        aim = Aim(number: request.number, seed: UInt64(request.number) &* 0x9e37_79b9)
        output = attack.opening(aim)
    }

    /// The gateway has said that this is the end, or let go.
    var isCut: Bool { line.hasGatewayEnded || frames.hasGoodbye }
    /// Nothing of it is left at the gateway.
    var isGone: Bool { line.isReleased }

    /// Reads and writes at most `stride` bytes each way. Returns whether anything moved.
    func work(_ stride: Int) -> Bool {
        guard !isGone else { return false }
        let hasRead = (isReading || world.isCalm) && read(stride)
        return write(stride) || hasRead
    }

    private func read(_ stride: Int) -> Bool {
        let count = min(stride, line.leaving.count)
        guard count > 0 else { return false }
        if line.leaving.count >= line.capacity { line.isNewlyWritable = true }
        let bytes = line.leaving.withSlice(0..<count) { span in (0..<count).map { span[$0] } }
        line.leaving.consume(count)
        if attack.isHTTP2 { frames.take(bytes) } else { answers.take(bytes) }
        return true
    }

    private func write(_ stride: Int) -> Bool {
        guard !hasLeft, !line.hasPeerEnded, !line.isBroken, !isCut else { return false }
        let room = min(stride, line.capacity - line.arriving.count)
        guard room > 0 else { return false }
        // Before the end it may go on as long again as it takes to be told off.
        let most = world.isCalm ? lastPiece : 2 * attack.pieces
        while output.count - written < room, pieces < most {
            output += attack.piece(aim, pieces)
            pieces += 1
        }
        let count = min(room, output.count - written)
        guard count > 0 else { return false }
        line.arriving.append(Array(output[written..<(written + count)]))
        line.isNewlyReadable = true
        written += count
        sentBytes += count
        if written == output.count {
            output = []
            written = 0
        }
        return true
    }

    /// From now on it listens, and does at once what no budget bears.
    func goAllOut() { lastPiece = pieces + attack.pieces }
    private var lastPiece = 0

    func leave(isAbrupt: Bool) {
        hasLeft = true
        if isAbrupt { line.breakOff() } else { line.endByPeer() }
    }
}
