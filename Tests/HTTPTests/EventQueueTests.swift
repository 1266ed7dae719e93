import HTTP
import Testing

@Suite("Event queue")
struct EventQueueTests {
    @Test("events leave in the order they came, also while more come")
    func order() {
        var queue = EventQueue()
        var seen: [Int32] = []
        for number in 0..<10 as Range<Int32> {
            queue.append(.closed(StreamID(number)))
            queue.append(.drained(StreamID(number)))
            if case .closed(let stream) = queue.next() { seen.append(stream.rawValue) }
            if case .drained(let stream) = queue.next() { seen.append(stream.rawValue) }
        }
        let isEmpty = queue.isEmpty
        let none = queue.next() == nil
        #expect(seen == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9])
        #expect(isEmpty)
        #expect(none)
    }

    @Test("a head that left the queue is not held by it")
    func release() {
        var queue = EventQueue()
        weak var head: Head?
        do {
            let made = Head()
            head = made
            queue.append(.end(StreamID(1), trailers: made))
        }
        queue.append(.goingAway)
        _ = queue.next()
        let count = queue.count
        #expect(head == nil)
        #expect(count == 1)
    }
}
