import Foundation
import HTTP
import Kernel
import Testing

@testable import Telemetry

private func makeRecord(_ number: Int) -> AccessLogRecord {
    var record = AccessLogRecord(
        time: UnixTime(seconds: 0), requestID: RequestID(random: (0, 0)),
        trace: TraceContext(random: (1, 2, 3)), client: IPAddress(v4: 0), method: .get,
        status: 200, version: .http1)
    record.bytesIn = number
    return record
}

extension AccessLogOutbox {
    fileprivate func append(_ number: Int, model: String = "") {
        append(
            makeRecord(number), path: "/".utf8.span, methodText: "".utf8.span,
            model: model.utf8.span)
    }
}

private func temporaryPath() -> String {
    FileManager.default.temporaryDirectory
        .appending(path: "gatehouse-log-\(UUID().uuidString)").path
}

private func numbers(_ text: String) -> [Int] {
    text.split(separator: "\n").compactMap { line in
        guard let range = line.range(of: "\"bytes_in\":") else { return nil }
        return Int(line[range.upperBound...].prefix { $0.isNumber })
    }
}

@Suite("The access log's queue")
struct AccessLogQueueTests {
    @Test("writes every line once and each worker's in order")
    func threads() throws {
        let sink = ScriptedSink()
        let queue = try AccessLogQueue.start(sink)
        var workers: [Kernel.Thread] = []
        for worker in 0..<4 {
            workers.append(
                try Kernel.Thread.spawn(name: "worker \(worker)") {
                    let outbox = queue.makeOutbox()
                    for number in 0..<2_000 {
                        outbox.append(worker * 10_000 + number)
                        if number % 7 == 0 { outbox.handOver() }
                    }
                    outbox.handOver()
                })
        }
        for worker in workers { worker.join() }
        #expect(queue.flush())
        let seen = numbers(sink.text)
        #expect(seen.count == 8_000)
        for worker in 0..<4 {
            let own = seen.filter { $0 / 10_000 == worker }
            #expect(own == (0..<2_000).map { worker * 10_000 + $0 })
        }
        #expect(queue.droppedLines == 0)
        #expect(queue.stop())
        #expect(queue.stop())
    }

    @Test("drops, counts and tells when its bound is reached, and never waits")
    func full() throws {
        let gate = try GatedSink()
        let queue = try AccessLogQueue.start(gate, boundBytes: 65_536)
        let outbox = queue.makeOutbox()
        outbox.append(0)
        outbox.handOver()
        gate.waitUntilAsked()
        let model = String(repeating: "m", count: 100)
        for number in 1...1_000 {
            outbox.append(number, model: model)
            outbox.handOver()
        }
        gate.open()
        #expect(queue.flush())
        outbox.append(1_001)
        outbox.handOver()
        #expect(queue.flush())
        let seen = numbers(gate.text)
        #expect(seen.first == 0)
        #expect(seen.last == 1_001)
        #expect(seen.count < 1_000)
        #expect(queue.droppedLines == 1_002 - seen.count)
        #expect(
            gate.text.contains("\"event\":\"log_lines_dropped\",\"total\":\(queue.droppedLines)}"))
        queue.stop()
    }

    @Test("writes to a file, follows its rotation and ends when told")
    func rotation() throws {
        let path = temporaryPath()
        defer {
            try? FileManager.default.removeItem(atPath: path)
            try? FileManager.default.removeItem(atPath: path + ".1")
        }
        let queue = try AccessLogQueue.start(FileSink(try AppendFile(path: path)))
        let outbox = queue.makeOutbox()
        outbox.append(1)
        outbox.handOver()
        #expect(queue.flush())
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        outbox.append(2)
        outbox.handOver()
        #expect(queue.flush())
        queue.reopen()
        #expect(queue.flush())
        outbox.append(3)
        outbox.handOver()
        #expect(queue.stop())
        let old = try String(contentsOfFile: path + ".1", encoding: .utf8)
        let new = try String(contentsOfFile: path, encoding: .utf8)
        #expect(numbers(old) == [1, 2])
        #expect(numbers(new) == [3])
    }

    @Test("survives a full disk")
    func fullDisk() throws {
        let queue = try AccessLogQueue.start(FileSink(try AppendFile(path: "/dev/full")))
        let outbox = queue.makeOutbox()
        for number in 0..<10 { outbox.append(number) }
        outbox.handOver()
        #expect(queue.flush())
        #expect(queue.droppedLines == 10)
        outbox.append(10)
        outbox.handOver()
        #expect(queue.stop())
        #expect(queue.droppedLines == 11)
    }

    @Test("cannot be opened where there is no such directory")
    func noDirectory() {
        #expect(throws: SystemFault.self) { try AppendFile(path: "/no/such/directory/log") }
    }
}
