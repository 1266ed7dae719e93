import Kernel

/// The bytes of one connection: a socket, or a simulated one. Every call returns at once.
public protocol Wire: AnyObject {
    /// Appends what has arrived, at most `limit` bytes.
    func read(into buffer: inout ByteBuffer, atMost limit: Int) -> ReadOutcome
    func write(_ bytes: Span<UInt8>) -> WriteOutcome
    /// No more bytes will be written (FIN).
    func shutDownWriting()
    /// How the attempt to connect ended; nil: it succeeded.
    var pendingFault: SystemFault? { get }
}

/// A socket as a wire. Releasing it closes the socket.
public final class SocketWire: Wire {
    private let socket: Socket

    public init(_ socket: consuming Socket) { self.socket = socket }

    public var descriptor: Int32 { socket.descriptor }

    public func read(into buffer: inout ByteBuffer, atMost limit: Int) -> ReadOutcome {
        socket.read(into: &buffer, atMost: limit)
    }

    public func write(_ bytes: Span<UInt8>) -> WriteOutcome { socket.write(bytes) }

    public func shutDownWriting() { socket.shutDownWriting() }

    public var pendingFault: SystemFault? { socket.pendingFault }
}

/// Where a worker's connections to upstreams come from.
public protocol Network: AnyObject {
    /// Begins to connect; readiness for `token` tells when it is over.
    func connect(to address: SocketAddress, token: Token) throws(SystemFault) -> any Wire
}
