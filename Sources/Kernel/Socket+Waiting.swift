import CKernel

/// Sockets for threads that wait for one peer alone, and sockets that others have opened.
extension Socket {
    /// Two that are connected with each other.
    public static func pair() throws(SystemFault) -> Pair {
        var descriptors: [Int32] = [-1, -1]
        guard unsafe gh_socket_pair(&descriptors) == 0 else {
            throw SystemFault.last("socketpair")
        }
        return Pair(
            first: Socket(adopting: descriptors[0]), second: Socket(adopting: descriptors[1]))
    }

    /// Both ends.
    public struct Pair: ~Copyable {
        public let first: Socket
        public let second: Socket
        /// Keeps the first; the second is closed.
        public consuming func takeFirst() -> Socket { first }
    }

    /// Takes over what was inherited; nil: it is not a TCP socket that listens.
    public init?(inheriting entry: Inheritance.Entry) {
        guard gh_is_listening(entry.descriptor) != 0 else { return nil }
        self.init(adopting: entry.descriptor)
    }

    /// False when the time is over before. The end of the peer's bytes can be read too.
    @discardableResult
    public func waitUntilReadable(milliseconds: Int32) -> Bool { wait(POLLIN, milliseconds) }

    @discardableResult
    public func waitUntilWritable(milliseconds: Int32) -> Bool { wait(POLLOUT, milliseconds) }

    private func wait(_ event: Int32, _ milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}
