import CNghttp2

/// Why an HTTP/2 connection ends, for the log, and what is left to be done about it.
struct ConnectionFailure {
    enum Remedy {
        /// GOAWAY with this error code is to be written.
        case terminate(UInt32)
        /// libnghttp2 has written or queued GOAWAY on its own.
        case alreadyTerminated
        /// The session is unusable.
        case none
    }

    let remedy: Remedy
    let text: StaticString

    /// The peer costs more than it is allowed to.
    static func calm(_ text: StaticString) -> ConnectionFailure {
        ConnectionFailure(
            remedy: .terminate(NGHTTP2_ENHANCE_YOUR_CALM.rawValue), text: text)
    }

    static let unusable = ConnectionFailure(remedy: .none, text: "libnghttp2 failed to write")

    private init(remedy: Remedy, text: StaticString) {
        self.remedy = remedy
        self.text = text
    }

    /// A fatal answer of `nghttp2_session_mem_recv`.
    init(receiveError: Int32) {
        switch receiveError {
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue:
            self.init(
                remedy: .terminate(NGHTTP2_PROTOCOL_ERROR.rawValue),
                text: "the connection preface is not HTTP/2's")
        case NGHTTP2_ERR_FLOODED.rawValue:
            self.init(
                remedy: .terminate(NGHTTP2_ENHANCE_YOUR_CALM.rawValue),
                text: "libnghttp2 detected a flood")
        default:
            self.init(
                remedy: .terminate(NGHTTP2_INTERNAL_ERROR.rawValue),
                text: "libnghttp2 failed to read")
        }
    }

    /// libnghttp2 has sent GOAWAY with this error code.
    init(goAwayCode: UInt32) {
        let text: StaticString =
            switch goAwayCode {
            case NGHTTP2_PROTOCOL_ERROR.rawValue: "PROTOCOL_ERROR of the peer"
            case NGHTTP2_FLOW_CONTROL_ERROR.rawValue: "FLOW_CONTROL_ERROR of the peer"
            case NGHTTP2_STREAM_CLOSED.rawValue: "STREAM_CLOSED: a frame on a closed stream"
            case NGHTTP2_FRAME_SIZE_ERROR.rawValue: "FRAME_SIZE_ERROR of the peer"
            case NGHTTP2_COMPRESSION_ERROR.rawValue: "COMPRESSION_ERROR of the peer"
            case NGHTTP2_ENHANCE_YOUR_CALM.rawValue: "ENHANCE_YOUR_CALM: libnghttp2 saw a flood"
            default: "a connection error found by libnghttp2"
            }
        self.init(remedy: .alreadyTerminated, text: text)
    }
}
