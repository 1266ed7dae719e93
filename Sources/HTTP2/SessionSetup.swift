import CNghttp2
import HTTP
import Kernel

/// The callbacks and options every session of the process shares, built once.
///
/// *Safety:* both objects are written here, during the one-time initialisation of `shared`, and
/// only read afterwards; libnghttp2 copies what it needs into each session. They are never freed.
/// The user data of every callback is the codec that owns the session (see `Session`); it is used
/// without counting a reference, which is sound because the codec is executing the call that runs
/// the callback.
@safe
struct SessionSetup: @unchecked Sendable {
    /// nil: there was no memory for it when the first session began.
    static let shared = SessionSetup()

    let callbacks: OpaquePointer
    let options: OpaquePointer

    private init?() {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        unsafe nghttp2_session_callbacks_new(&callbacks)
        unsafe nghttp2_option_new(&options)
        guard let callbacks = unsafe callbacks, let options = unsafe options else {
            unsafe nghttp2_session_callbacks_del(callbacks)
            unsafe nghttp2_option_del(options)
            return nil
        }
        unsafe self.callbacks = callbacks
        unsafe self.options = options
        unsafe Self.setOptions(options)
        unsafe Self.setReceiving(callbacks)
        unsafe Self.setSending(callbacks)
    }

    private static func setOptions(_ options: OpaquePointer) {
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        // Until the first SETTINGS of a server has arrived (RFC 9113 section 6.5.2 recommends 100).
        unsafe nghttp2_option_set_peer_max_concurrent_streams(options, 100)
        unsafe nghttp2_option_set_max_reserved_remote_streams(options, 0)
        unsafe nghttp2_option_set_max_outbound_ack(options, 1_000)
        unsafe nghttp2_option_set_max_settings(options, 32)
        // Counts pieces of frame headers, not frames: nine for one frame that arrives byte by byte.
        unsafe nghttp2_option_set_max_continuations(options, 64)
        // `FrameBudgets` bounds resets, received and provoked ones; this one would read a clock.
        unsafe nghttp2_option_set_stream_reset_rate_limit(options, 1 << 40, 1 << 20)
        // A head of the size we accept, with what the gateway adds, must be fit to be sent.
        unsafe nghttp2_option_set_max_send_header_block_length(options, 1_048_576)
        // libnghttp2 passes unknown frame types by in silence; this makes it count them with us.
        for type in UInt8(0x0a)...UInt8.max {
            unsafe nghttp2_option_set_user_recv_extension_type(options, type)
        }
    }

    private static func setReceiving(_ callbacks: OpaquePointer) {
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            guard let header = unsafe header?.pointee else { return 0 }
            unsafe withCodec(user) {
                $0.frameBegan(type: header.type, flags: header.flags, length: header.length)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_unpack_extension_callback(callbacks) { _, _, _, _ in
            NGHTTP2_ERR_CANCEL.rawValue
        }
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) {
            _, frame, user in
            guard let header = unsafe frame?.pointee.hd else { return 0 }
            let category = unsafe frame?.pointee.headers.cat
            unsafe withCodec(user) {
                $0.blockBegan(header.stream_id, isRequest: category == NGHTTP2_HCAT_REQUEST)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, user in
            guard let stream = unsafe frame?.pointee.hd.stream_id else { return 0 }
            let isTaken = unsafe withCodec(user) { codec in
                let name = unsafe UnsafeBufferPointer(start: name, count: nameCount)
                let value = unsafe UnsafeBufferPointer(start: value, count: valueCount)
                return unsafe codec.fieldReceived(name.span, value.span, on: stream)
            }
            return isTaken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        // A field libnghttp2 would pass over in silence makes the message malformed (RFC 9113
        // 8.2.1).
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) {
            _, frame, _, _, _, _, _, user in
            guard let stream = unsafe frame?.pointee.hd.stream_id else { return 0 }
            unsafe withCodec(user) { $0.malformed(stream) }
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, stream, start, count, user in
            let address = UInt(bitPattern: start)
            unsafe withCodec(user) { $0.dataReceived(at: address, count: count, on: stream) }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let header = unsafe frame?.pointee.hd else { return 0 }
            unsafe withCodec(user) {
                $0.frameReceived(type: header.type, flags: header.flags, on: header.stream_id)
            }
            return 0
        }
        // Must answer 0 whatever happened (CVE-2023-35945 is not fixed in 1.52).
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) {
            _, stream, code, user in
            unsafe withCodec(user) { $0.streamClosed(stream, code) }
            return 0
        }
    }

    private static func setSending(_ callbacks: OpaquePointer) {
        unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks) {
            _, frame, header, count, _, user in
            guard let stream = unsafe frame?.pointee.hd.stream_id else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            let outcome = unsafe withCodec(user) { codec in
                let header = unsafe UnsafeBufferPointer(start: header, count: 9)
                return unsafe codec.sendData(header.span, count: count, of: stream)
            }
            switch outcome {
            case .goOn: return 0
            case .pause: return NGHTTP2_ERR_PAUSE.rawValue
            case .giveUp: return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
            }
        }
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            guard let header = unsafe frame?.pointee.hd else { return 0 }
            let isGoAway = header.type == UInt8(NGHTTP2_GOAWAY.rawValue)
            let code = unsafe isGoAway ? frame?.pointee.goaway.error_code ?? 0 : 0
            unsafe withCodec(user) {
                $0.frameSent(
                    type: header.type, flags: header.flags, on: header.stream_id, goAwayCode: code)
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) {
            _, frame, _, user in
            guard let header = unsafe frame?.pointee.hd else { return 0 }
            unsafe withCodec(user) { $0.frameNotSent(type: header.type, on: header.stream_id) }
            return 0
        }
    }

    /// Asks the codec how many bytes of a stream may go into the next DATA frame.
    static let readBody: nghttp2_data_source_read_callback = {
        _, stream, _, room, flags, _, user in
        let answer = unsafe withCodec(user) { $0.nextData(of: stream, room: room) }
        switch answer {
        case .bytes(let count, let isEnd, let trailersFollow):
            var bits = NGHTTP2_DATA_FLAG_NO_COPY.rawValue
            if isEnd { bits |= NGHTTP2_DATA_FLAG_EOF.rawValue }
            if trailersFollow { bits |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue }
            unsafe flags?.pointee = bits
            return count
        case .later: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .broken: return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
    }
}

/// Calls `body` with the codec whose address `user` is.
@unsafe
private func withCodec<Result>(
    _ user: UnsafeMutableRawPointer?, _ body: (HTTP2Codec) -> Result
) -> Result {
    unsafe Unmanaged<HTTP2Codec>.fromOpaque(user!)._withUnsafeGuaranteedRef { body($0) }
}
