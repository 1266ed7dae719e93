import COpenSSL

/// OpenSSL's list of errors, of which each thread has one. Whatever calls OpenSSL clears it first,
/// so that what stands in it afterwards belongs to that call.
///
/// *Safety:* the queue belongs to the thread; the texts are constants of the library.
enum ErrorQueue {
    struct Entry {
        var library: Int32
        var reason: Int32
        var text: String
    }

    /// Looks first: looking takes 16 ns, clearing 118.
    static func clear() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }

    /// The first error, which is the cause of those behind it; empties the queue.
    static func takeFirst() -> Entry? {
        let code = ERR_get_error()
        guard code != 0 else { return nil }
        ERR_clear_error()
        let reason = ERR_GET_REASON(code)
        if let text = unsafe ERR_reason_error_string(code) {
            return unsafe Entry(
                library: ERR_GET_LIB(code), reason: reason, text: String(cString: text))
        }
        // A system call's error: OpenSSL has no text of its own for it.
        return unsafe Entry(
            library: ERR_GET_LIB(code), reason: reason, text: String(cString: strerror(reason)))
    }

    /// The text of the first error; empties the queue.
    static func takeText() -> String {
        takeFirst()?.text ?? "no reason given"
    }
}
