import CNghttp2
import HTTP
import Kernel

/// One session of libnghttp2: its functions as methods, with the choices this gateway makes.
///
/// *Safety:* the struct owns the session and deletes it last of all; it cannot be copied. It keeps
/// the memory the session allocates from. The session holds the address of its codec (`attach`),
/// which holds this struct, so the codec outlives the session; deleting a session calls nothing
/// back. Callbacks run only inside `receive` and `nextBytes`. No method mutates the struct, so
/// calls made from a callback do not overlap with the call that is under way.
@safe
struct Session: ~Copyable {
    private let pointer: OpaquePointer
    private let memory: HTTP2Memory

    /// nil: there is no memory for it.
    init?(role: Role, memory: HTTP2Memory) {
        var created: OpaquePointer?
        var allocator = unsafe memory.makeAllocator()
        guard let setup = SessionSetup.shared else { return nil }
        let status =
            switch role {
            case .server:
                unsafe nghttp2_session_server_new3(
                    &created, setup.callbacks, nil, setup.options, &allocator)
            case .client:
                unsafe nghttp2_session_client_new3(
                    &created, setup.callbacks, nil, setup.options, &allocator)
            }
        guard let created = unsafe created, status == 0 else { return nil }
        unsafe pointer = created
        self.memory = memory
    }

    deinit { unsafe nghttp2_session_del(pointer) }

    /// Names the codec that callbacks report to.
    func attach(_ codec: HTTP2Codec) {
        unsafe nghttp2_session_set_user_data(
            pointer, Unmanaged.passUnretained(codec).toOpaque())
    }

    /// Queues the connection preface: SETTINGS and the connection's window (RFC 9113 section 3.4).
    func submitPreface(role: Role, limits: CodecLimits) {
        var settings: [nghttp2_settings_entry] = [
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindowBytes),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headBytes),
            entry(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 4_096),
        ]
        switch role {
        case .server:
            settings.append(
                entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrentStreams))
            // Without the dependency tree of RFC 7540 a peer cannot make us maintain one.
            settings.append(entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1))
            if limits.offersWebSocket {
                settings.append(entry(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1))
            }
        case .client:
            settings.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
        }
        let flags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        unsafe nghttp2_submit_settings(pointer, flags, settings, settings.count)
        unsafe nghttp2_session_set_local_window_size(
            pointer, flags, 0, Int32(clamping: limits.connectionWindowBytes))
    }

    private func entry(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
        nghttp2_settings_entry(
            settings_id: Int32(bitPattern: id.rawValue), value: UInt32(clamping: value))
    }

    /// Parses `bytes`; callbacks run. Returns the bytes taken or a negative error code.
    @unsafe
    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        unsafe nghttp2_session_mem_recv(pointer, bytes.baseAddress, bytes.count)
    }

    /// The next bytes for the wire, valid until the next call; callbacks run. `status`: their
    /// number, 0 when there are none (DATA was handed to the callback), or a negative error code.
    @unsafe
    func nextBytes() -> (status: Int, bytes: UnsafeBufferPointer<UInt8>) {
        var start: UnsafePointer<UInt8>?
        let status = unsafe nghttp2_session_mem_send(pointer, &start)
        return unsafe (status, UnsafeBufferPointer(start: start, count: max(0, status)))
    }

    var wantsRead: Bool { unsafe nghttp2_session_want_read(pointer) != 0 }
    var wantsWrite: Bool { unsafe nghttp2_session_want_write(pointer) != 0 }
    var queuedFrames: Int { unsafe nghttp2_session_get_outbound_queue_size(pointer) }

    /// Streams the peer lets us have open at once.
    var peerStreamLimit: Int {
        Int(
            unsafe nghttp2_session_get_remote_settings(
                pointer, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
    }

    /// Whether the peer takes extended CONNECT (RFC 8441 section 3); not before its SETTINGS came.
    var allowsExtendedConnect: Bool {
        unsafe nghttp2_session_get_remote_settings(
            pointer, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1
    }

    var allowsRequest: Bool { unsafe nghttp2_session_check_request_allowed(pointer) != 0 }

    /// The stream's identifier, or a negative error code.
    func submitRequest(_ fields: borrowing FieldBlock, hasBody: Bool) -> Int32 {
        var provider = unsafe Self.provider
        return unsafe withUnsafePointer(to: &provider) { provider in
            unsafe nghttp2_submit_request(
                pointer, nil, fields.entries, fields.count, hasBody ? provider : nil, nil)
        }
    }

    func submitResponse(_ fields: borrowing FieldBlock, on stream: Int32, hasBody: Bool) -> Bool {
        var provider = unsafe Self.provider
        return unsafe withUnsafePointer(to: &provider) { provider in
            unsafe nghttp2_submit_response(
                pointer, stream, fields.entries, fields.count, hasBody ? provider : nil)
        } == 0
    }

    func submitInterim(_ fields: borrowing FieldBlock, on stream: Int32) {
        unsafe nghttp2_submit_headers(
            pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, nil, fields.entries,
            fields.count, nil)
    }

    func submitTrailers(_ fields: borrowing FieldBlock, on stream: Int32) -> Bool {
        unsafe nghttp2_submit_trailer(pointer, stream, fields.entries, fields.count) == 0
    }

    /// Where DATA comes from: `SessionSetup`'s callback, for every stream.
    private static var provider: nghttp2_data_provider {
        unsafe nghttp2_data_provider(
            source: nghttp2_data_source(fd: 0), read_callback: SessionSetup.readBody)
    }

    /// Tells that a stream that had no bytes has some now, or its end.
    func resume(_ stream: Int32) { unsafe nghttp2_session_resume_data(pointer, stream) }

    func reset(_ stream: Int32, _ code: UInt32) {
        unsafe nghttp2_submit_rst_stream(
            pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code)
    }

    /// Lets streams share the connection evenly instead of one after the other (RFC 9218
    /// "incremental").
    func shareEvenly(_ stream: Int32) {
        var priority = nghttp2_extpri(urgency: UInt32(NGHTTP2_EXTPRI_DEFAULT_URGENCY), inc: 1)
        unsafe nghttp2_session_change_extpri_stream_priority(pointer, stream, &priority, 1)
    }

    /// Opens the peer's windows of the stream and of the connection again.
    func consume(_ count: Int, on stream: Int32) {
        unsafe nghttp2_session_consume(pointer, stream, count)
    }

    /// The same for the connection alone, when the stream needs no window any more.
    func consumeConnection(_ count: Int) {
        unsafe nghttp2_session_consume_connection(pointer, count)
    }

    /// Bytes of DATA for which the peer was not yet told that it may send as many more.
    var unreturnedBytes: Int {
        Int(unsafe nghttp2_session_get_effective_recv_data_length(pointer))
    }

    /// GOAWAY with the highest identifier there is: new streams should stop, none is refused yet.
    func announceShutdown() { unsafe nghttp2_submit_shutdown_notice(pointer) }

    /// GOAWAY with the last stream that is served.
    func shutDown() {
        unsafe nghttp2_submit_goaway(
            pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue),
            nghttp2_session_get_last_proc_stream_id(pointer), NGHTTP2_NO_ERROR.rawValue, nil, 0)
    }

    /// GOAWAY with an error; nothing but it is written from now on.
    func terminate(_ code: UInt32) { unsafe nghttp2_session_terminate_session(pointer, code) }
}
