import Kernel
import Testing

@testable import Upstream

@Suite("The addresses of an endpoint") struct AddressListTests {
    private let now = Instant(nanoseconds: 1)
    private let v4 = SocketAddress(ip: .loopback, port: 80)
    private let v6 = SocketAddress(ip: IPAddress(high: 0, low: 1), port: 80)
    private let other = SocketAddress(ip: .loopback, port: 81)

    private func attempt(_ list: inout AddressList, at now: Instant) -> [SocketAddress] {
        var tried: UInt64 = 0
        var order: [SocketAddress] = []
        while let next = list.next(tried: &tried, at: now) { order.append(next) }
        return order
    }

    @Test("are each tried once in an attempt, the next attempt beginning with the next")
    func rotation() {
        var list = AddressList([v4, v6, other])
        var tried: UInt64 = 0
        #expect(list.next(tried: &tried, at: now) == v4)
        #expect(attempt(&list, at: now) == [v6, other, v4])
        #expect(Set(attempt(&list, at: now)).count == 3)
    }

    @Test("stand behind the others for a while after they failed")
    func shunned() {
        var list = AddressList([v6, v4], shunMilliseconds: 1_000)
        list.failed(v6, at: now)
        for _ in 0..<3 { #expect(attempt(&list, at: now) == [v4, v6]) }
        let later = now.advanced(milliseconds: 1_000)
        #expect(Set([attempt(&list, at: later).first, attempt(&list, at: later).first]).count >= 1)
        list.failed(v4, at: later)
        #expect(attempt(&list, at: later) == [v6, v4])
    }

    @Test("keep what is known of those that stay")
    func replacing() {
        var list = AddressList([v6, v4])
        list.failed(v4, at: now)
        #expect(list.replace([v4, v6]) == false)
        #expect(list.replace([v4, other]) == true)
        #expect(attempt(&list, at: now) == [other, v4])
        #expect(!list.contains(v6))
    }

    @Test("none: no attempt")
    func empty() {
        var list = AddressList([])
        #expect(list.isEmpty && attempt(&list, at: now) == [])
    }
}
