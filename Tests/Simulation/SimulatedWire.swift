import Kernel
import Proxy

/// The gateway's end of a line.
final class SimulatedWire: Wire {
    private let line: Line

    init(_ line: Line) { self.line = line }

    deinit {
        line.isReleased = true
        line.hasGatewayEnded = true
    }

    func read(into buffer: inout ByteBuffer, atMost limit: Int) -> ReadOutcome {
        if line.isBroken { return .failed(104) }
        let count = min(limit, line.arriving.count)
        if count > 0 {
            buffer.append(0..<count, of: line.arriving)
            line.arriving.consume(count)
            return .bytes(count)
        }
        return line.hasPeerEnded ? .endOfFile : .wouldBlock
    }

    func write(_ bytes: Span<UInt8>) -> WriteOutcome {
        if line.isBroken || line.hasGatewayEnded { return .failed(32) }
        let count = min(bytes.count, line.capacity - line.leaving.count)
        if count <= 0 { return .wouldBlock }
        line.leaving.append(bytes.extracting(0..<count))
        return .wrote(count)
    }

    func shutDownWriting() { line.hasGatewayEnded = true }

    var pendingFault: SystemFault? { line.connectFault }
}
