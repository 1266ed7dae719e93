import Kernel

/// What an exchange knows of the WebSocket it opens. Other exchanges have none.
final class Tunnel {
    /// Both sides have agreed: bodies are what is tunnelled.
    var isOpen = false
    /// The upstream's direction is over.
    var hasUpstreamEnded = false
    /// The client's side is over, both ways.
    var hasClientClosed = false
    /// Sec-WebSocket-Key of the request to an HTTP/1.1 upstream.
    var key = ByteBuffer()
}
