import CKernel

/// What came of reading a socket.
public enum ReadOutcome: Equatable, Sendable {
    case bytes(Int)
    case wouldBlock
    case endOfFile
    case failed(Int32)
}

/// What came of writing to a socket.
public enum WriteOutcome: Equatable, Sendable {
    case wrote(Int)
    case wouldBlock
    case failed(Int32)
}

/// A connection taken from a listener's queue, and who is at its other end.
public struct Accepted: ~Copyable, Sendable {
    public let socket: Socket
    public let peer: SocketAddress
    /// Gives the socket away; the rest of the value ends.
    public consuming func take() -> Socket { socket }
}

/// A TCP socket that never blocks. It owns its descriptor and closes it at the end of its life.
///
/// *Safety:* the descriptor is closed exactly once, in `deinit`, because the type cannot be copied;
/// the system calls get pointers to spans and locals that outlive the call.
@safe
public struct Socket: ~Copyable, Sendable {
    public let descriptor: Int32

    /// Takes over a descriptor that nobody else closes.
    public init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// Binds and listens. With `sharingPort` several sockets, one for each worker, share the
    /// address.
    public static func listen(
        on address: SocketAddress, backlog: Int32 = 4096, sharingPort: Bool = true
    ) throws(SystemFault) -> Socket {
        let family = address.ip.isV4 ? AF_INET : AF_INET6
        let descriptor = gh_stream_socket(family)
        guard descriptor >= 0 else { throw SystemFault.last("socket") }
        let listener = Socket(adopting: descriptor)
        listener.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if sharingPort { listener.set(SOL_SOCKET, SO_REUSEPORT, 1) }
        if family == AF_INET6 { listener.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        let isBound = unsafe address.withSystemForm { unsafe gh_bind(descriptor, $0, $1) }
        guard isBound == 0 else { throw SystemFault.last("bind \(address)") }
        guard CKernel.listen(descriptor, backlog) == 0 else { throw SystemFault.last("listen") }
        return listener
    }

    /// Begins to connect; writability tells when it is over, `pendingFault` how.
    public static func connect(to address: SocketAddress) throws(SystemFault) -> Socket {
        let descriptor = gh_stream_socket(address.ip.isV4 ? AF_INET : AF_INET6)
        guard descriptor >= 0 else { throw SystemFault.last("socket") }
        let connection = Socket(adopting: descriptor)
        connection.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        let answer = unsafe address.withSystemForm { unsafe gh_connect(descriptor, $0, $1) }
        if answer != 0, gh_errno() != EINPROGRESS { throw SystemFault.last("connect") }
        return connection
    }

    /// Takes the next connection from a listener's queue; nil when the queue is empty.
    public func accept() throws(SystemFault) -> Accepted? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let (descriptor, peer) = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                let descriptor = unsafe gh_accept(self.descriptor, $0, &size)
                return (descriptor, descriptor < 0 ? nil : unsafe SocketAddress($0))
            }
        }
        guard descriptor >= 0 else {
            switch gh_errno() {
            case EAGAIN, EINTR, ECONNABORTED, EPROTO: return nil
            default: throw SystemFault.last("accept")
            }
        }
        let socket = Socket(adopting: descriptor)
        socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return Accepted(socket: socket, peer: peer ?? SocketAddress(ip: IPAddress(v4: 0), port: 0))
    }

    /// Appends at most `limit` bytes that have arrived to `buffer`.
    public func read(into buffer: inout ByteBuffer, atMost limit: Int) -> ReadOutcome {
        let count = unsafe buffer.withUnsafeSpareCapacity(minimum: limit) { spare in
            unsafe recv(descriptor, spare.baseAddress, limit, 0)
        }
        if count > 0 { return .bytes(count) }
        if count == 0 { return .endOfFile }
        let code = gh_errno()
        return code == EAGAIN || code == EINTR ? .wouldBlock : .failed(code)
    }

    public func write(_ bytes: Span<UInt8>) -> WriteOutcome {
        let count = unsafe bytes.withUnsafeBufferPointer { source in
            unsafe send(descriptor, source.baseAddress, source.count, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 { return .wrote(count) }
        let code = gh_errno()
        return code == EAGAIN || code == EINTR ? .wouldBlock : .failed(code)
    }

    /// The error a connection attempt ended with, nil when it succeeded.
    public var pendingFault: SystemFault? {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let answer = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        if answer != 0 { return SystemFault.last("getsockopt") }
        return code == 0 ? nil : SystemFault("connect", code: code)
    }

    /// Sends FIN: no more bytes will be written.
    public func shutDownWriting() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// The address the system chose, where port 0 was asked for.
    public var localAddress: SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard unsafe gh_local_name(descriptor, $0, &size) == 0 else { return nil }
                return unsafe SocketAddress($0)
            }
        }
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(
            descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
