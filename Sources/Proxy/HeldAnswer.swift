import HTTP
import Kernel

/// An upstream's answer that is read to its end before the client gets any of it, because it has
/// to be translated.
final class HeldAnswer {
    let head: Head
    var body = ByteBuffer()
    /// Reserved from the budget of collected bodies.
    var reserved = 0

    /// `head`: what of the upstream's may reach the client.
    init(_ head: Head) { self.head = head }
}
