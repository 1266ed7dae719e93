import Kernel
import COpenSSL

/// The sessions with which a client may shorten its next handshakes, by server name. Bounded: 8 for
/// each of 64 names.
///
/// A session of TLS 1.3 is given out once (RFC 8446 appendix C.4); one of TLS 1.2 stays.
///
/// *Safety:* what is stored, and what is given out, is a duplicate that nobody else refers to, so
/// no two threads touch one session; the table is only touched under the lock. OpenSSL marks the
/// session of a connection that ends without close_notify as unusable; the duplicate is spared that
/// too.
final class SessionStore: Sendable {
    private static let names = 64
    private static let sessionsPerName = 8

    private let table = Lock<[String: [Session]]>([:])

    func store(_ session: OpaquePointer?, for name: String) {
        guard let session = unsafe Session(duplicating: session) else { return }
        table.withLock { table in
            if table[name] == nil, table.count >= Self.names, let other = table.first?.key {
                table[other] = nil
            }
            var sessions = table.removeValue(forKey: name) ?? []
            if sessions.count >= Self.sessionsPerName { sessions.removeFirst() }
            sessions.append(session)
            table[name] = sessions
        }
    }

    /// The newest session for `name`.
    func take(for name: String) -> Session? {
        table.withLock { table in
            guard let newest = table[name]?.popLast() else { return nil }
            guard !newest.isForOneUse, let copy = newest.duplicate() else { return newest }
            table[name]?.append(newest)
            return copy
        }
    }

    /// Owns one reference to an `SSL_SESSION`.
    ///
    /// *Safety:* the reference is its own, taken by duplication and freed once in `deinit`. A
    /// session is only read after it was made, and OpenSSL counts its references atomically.
    @safe
    final class Session: @unchecked Sendable {
        let pointer: OpaquePointer

        init?(duplicating session: OpaquePointer?) {
            guard let session = unsafe session, let copy = unsafe SSL_SESSION_dup(session) else {
                return nil
            }
            unsafe pointer = copy
        }

        deinit {
            unsafe SSL_SESSION_free(pointer)
        }

        var isForOneUse: Bool {
            unsafe SSL_SESSION_get_protocol_version(pointer) >= TLS1_3_VERSION
        }

        func duplicate() -> Session? {
            unsafe Session(duplicating: pointer)
        }
    }
}
