import Testing

@testable import Kernel

@Suite("What a process inherits") struct InheritanceTests {
    private func read(
        _ variables: [String: String], own: Int32 = 77, parent: Int32 = 42
    ) -> Inheritance {
        Inheritance({ variables[$0] }, own: own, parent: parent)
    }

    private func entry(_ name: String, _ descriptor: Int32) -> Inheritance.Entry {
        Inheritance.Entry(name: name, descriptor: descriptor)
    }

    @Test("sockets of the manager that names this process, with their names")
    func activation() {
        let found = read(["LISTEN_PID": "77", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "a:b"])
        #expect(found.sockets == [entry("a", 3), entry("b", 4), entry("", 5)])
        #expect(found.channel == nil)
        #expect(read(["LISTEN_PID": "77", "LISTEN_FDS": "1"]).sockets == [entry("", 3)])
    }

    @Test("nothing that is meant for somebody else, or makes no sense")
    func strangers() {
        let all: [[String: String]] = [
            [:], ["LISTEN_FDS": "2"], ["LISTEN_PID": "77"],
            ["LISTEN_PID": "78", "LISTEN_FDS": "2"], ["LISTEN_PID": "42", "LISTEN_FDS": "2"],
            ["LISTEN_PID": "77", "LISTEN_FDS": "-1"], ["LISTEN_PID": "77", "LISTEN_FDS": "many"],
            ["LISTEN_PID": "77", "LISTEN_FDS": "4097"],
            ["LISTEN_PID": "77", "LISTEN_FDS": "99999999999999999999"],
            ["GATEHOUSE_PREDECESSOR": "41", "LISTEN_FDS": "2"],
        ]
        for variables in all { #expect(read(variables) == Inheritance(), "\(variables)") }
    }

    @Test("sockets and a channel of the process it succeeds, which is its parent")
    func succession() {
        let found = read([
            "GATEHOUSE_PREDECESSOR": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "@a:@b",
        ])
        #expect(found.sockets == [entry("@a", 3), entry("@b", 4)])
        #expect(found.channel == 5)
        #expect(read(["GATEHOUSE_PREDECESSOR": "42", "LISTEN_FDS": "0"]).channel == 3)
    }

    @Test("a child gets exactly what it is given, in its order, and the way back")
    func child() throws {
        let first = try Socket.listen(on: #require(SocketAddress("127.0.0.1:0")))
        let second = try Socket.listen(on: #require(SocketAddress("127.0.0.1:0")))
        let pair = try Socket.pair()
        // 5 is the channel, and 6 must not be there.
        let script = """
            [ "$LISTEN_FDS:$LISTEN_FDNAMES" = "2:@b:a" ] && [ -z "$LISTEN_PID" ] \
            && [ "$GATEHOUSE_PREDECESSOR" = "$PPID" ] && [ ! -e /proc/self/fd/6 ] \
            && readlink /proc/self/fd/3 /proc/self/fd/4 >&5
            """
        let child = try ChildProcess.start(
            ["sh", "-c", script],
            sockets: [entry("@b", second.descriptor), entry("a", first.descriptor)],
            channel: pair.second.descriptor)
        var ending: String?
        while ending == nil { ending = child.ending() }
        #expect(ending == "ended with status 0")
        var said = ByteBuffer()
        let outcome = pair.first.read(into: &said, atMost: 1_000)
        let text = said.text
        #expect(outcome == .bytes(text.utf8.count))
        #expect(text.split(separator: "\n").count == 2)
    }

    @Test("a program that is not there is told, and one that is killed")
    func faults() throws {
        let pair = try Socket.pair()
        let channel = pair.second.descriptor
        #expect(throws: SystemFault.self) {
            try ChildProcess.start(["/nowhere/at-all"], sockets: [], channel: channel)
        }
        let child = try ChildProcess.start(["sleep", "600"], sockets: [], channel: channel)
        #expect(child.ending() == nil)
        child.kill()
        var ending: String?
        while ending == nil { ending = child.ending() }
        #expect(ending == "died of signal 9")
    }

    @Test("only TCP sockets that listen are taken over")
    func kinds() throws {
        let listener = try Socket.listen(on: #require(SocketAddress("127.0.0.1:0")))
        let address = listener.localAddress
        let connection = try Socket.connect(to: #require(address))
        let pair = try Socket.pair()
        let isTaken = Socket(inheriting: entry("", connection.descriptor)) != nil
        let isPairTaken = Socket(inheriting: entry("", pair.first.descriptor)) != nil
        let isNoneTaken = Socket(inheriting: entry("", 1_000_000)) != nil
        #expect(!isTaken && !isPairTaken && !isNoneTaken)
    }
}
