import Kernel

extension AccessLogQueue {
    /// A queue without a writer: whoever made it fetches the lines. For simulations, which have no
    /// threads.
    package static func withoutWriter() throws(SystemFault) -> AccessLogQueue {
        try AccessLogQueue(boundBytes: 4_194_304)
    }

    /// Appends the lines that were handed over and forgets them.
    package func collect(into lines: inout ByteBuffer) {
        for bag in mailbags.withLock({ $0 }) {
            bag.lines.withLock { waiting in
                lines.append(waiting)
                waiting.removeAll()
            }
        }
    }
}
