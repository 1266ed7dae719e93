/// The events a codec has found and its driver has not fetched yet, in order.
///
/// It is filled by a call of the codec and emptied by the driver soon after, so it is an array with
/// a reading position: when the last event is taken both start again, and the memory is reused. It
/// cannot be copied, so the array is never shared and never copied on a write.
public struct EventQueue: ~Copyable {
    private var events: [CodecEvent] = []
    private var first = 0

    /// Room that is kept when the queue runs empty; a burst of tiny chunks does not stay in memory.
    private static let keptCapacity = 128

    public init() {}

    public var isEmpty: Bool { first == events.count }
    public var count: Int { events.count - first }

    public mutating func append(_ event: CodecEvent) {
        events.append(event)
    }

    /// The oldest event, which leaves the queue; the queue keeps no reference to what it carried.
    public mutating func next() -> CodecEvent? {
        guard first < events.count else { return nil }
        var event = CodecEvent.goingAway
        swap(&event, &events[first])
        first += 1
        if first == events.count { removeAll() }
        return event
    }

    /// Forgets every event; heads they carried are released, not given back to a pool.
    public mutating func removeAll() {
        events.removeAll(keepingCapacity: events.capacity <= Self.keptCapacity)
        first = 0
    }
}
