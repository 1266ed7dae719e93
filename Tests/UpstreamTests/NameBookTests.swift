import Kernel
import Testing

@testable import Upstream

@Suite("The book of names") struct NameBookTests {
    private let start = Instant(nanoseconds: 1)
    private let first = SocketAddress(ip: .loopback, port: 80)
    private let second = SocketAddress(ip: IPAddress(v4: 0x7f00_0002), port: 80)

    private func name(_ host: String) -> NameBook.Name {
        NameBook.Name(host: host, port: 80, refreshMilliseconds: 5_000)
    }

    @Test("never asks for a literal address")
    func literal() {
        let book = NameBook([name("127.0.0.1"), name("::1")], at: start)
        #expect(book.nextDue == nil)
        #expect(book.addresses(of: name("127.0.0.1")) == [first])
        #expect(book.addresses(of: name("::1")).first?.ip.isV4 == false)
    }

    @Test("asks again after the refresh, and tells when a name leads elsewhere")
    func refresh() {
        var book = NameBook([name("a"), name("127.0.0.1")], at: start)
        #expect(book.due(at: start) == [name("a")])
        #expect(book.answered(name("a"), [first, second], at: start) == true)
        let next = start.advanced(milliseconds: 5_000)
        #expect(book.nextDue == next)
        #expect(book.due(at: start.advanced(milliseconds: 4_999)).isEmpty)
        #expect(book.answered(name("a"), [second, first], at: next) == false)
        #expect(book.answered(name("a"), [second], at: next) == true)
        #expect(book.addresses(of: name("a")) == [second])
    }

    @Test("keeps the last good answer while a name does not resolve")
    func lastGood() {
        var book = NameBook([name("a")], at: start)
        _ = book.answered(name("a"), [first], at: start)
        #expect(book.answered(name("a"), [], at: start) == false)
        #expect(book.addresses(of: name("a")) == [first])
        #expect(book.nextDue == start.advanced(milliseconds: 5_000))
    }

    @Test("asks soon again for a name that has never resolved")
    func unknown() {
        var book = NameBook([name("a")], at: start)
        #expect(book.answered(name("a"), [], at: start) == false)
        #expect(book.nextDue == start.advanced(milliseconds: 1_000))
    }

    @Test("goes on with what it knows of a name that stays, and forgets one that does not")
    func following() {
        var book = NameBook([name("a"), name("b")], at: start)
        _ = book.answered(name("a"), [first], at: start)
        _ = book.answered(name("b"), [second], at: start)
        let later = start.advanced(milliseconds: 1_000)
        book.follow([name("a"), name("c"), name("a")], at: later)
        #expect(book.due(at: later) == [name("c")])
        #expect(book.addresses(of: name("a")) == [first])
        #expect(book.addresses(of: name("b")).isEmpty)
        // An answer may come when nobody wants it any more.
        #expect(book.answered(name("b"), [first], at: later) == false)
        #expect(book.addresses(of: name("b")).isEmpty)
    }
}
