/// Where a connection stands after it received bytes.
public enum TLSProgress: Equatable, Sendable {
    /// More bytes of the peer are needed.
    case handshaking
    /// Open in both directions, just now or since before.
    case established
    /// The peer said that it sends no more (close_notify). Sending is still possible.
    case closedByPeer
    /// The connection is over; `wire` may hold an alert that tells the peer why.
    case failed(TLSFault)
}
