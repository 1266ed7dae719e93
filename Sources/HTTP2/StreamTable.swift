import HTTP

/// The open streams of one connection by identifier: a hash table whose hash is the identifier
/// itself.
///
/// Identifiers of one connection go up by two, so consecutive streams fall into consecutive slots.
/// Why not the user data libnghttp2 keeps with a stream: it has none for a request that waits to be
/// written, and a raw pointer could outlive the object.
struct StreamTable {
    private var slots: [Stream?] = [nil, nil, nil, nil]
    private(set) var count = 0

    func find(_ id: Int32) -> Stream? {
        var candidate = slots[slot(id)]
        while let stream = candidate {
            if stream.id.rawValue == id { return stream }
            candidate = stream.next
        }
        return nil
    }

    /// Adds a stream whose identifier is not in the table yet.
    mutating func insert(_ stream: Stream) {
        if count == slots.count { grow() }
        link(stream)
        count += 1
    }

    mutating func remove(_ id: Int32) -> Stream? {
        let slot = slot(id)
        var previous: Stream?
        var candidate = slots[slot]
        while let stream = candidate {
            if stream.id.rawValue == id {
                if let previous { previous.next = stream.next } else { slots[slot] = stream.next }
                stream.next = nil
                count -= 1
                return stream
            }
            previous = stream
            candidate = stream.next
        }
        return nil
    }

    /// Empties the table, handing each stream to `body`.
    mutating func removeAll(_ body: (Stream) -> Void) {
        for index in slots.indices {
            while let stream = slots[index] {
                slots[index] = stream.next
                stream.next = nil
                body(stream)
            }
        }
        count = 0
    }

    private func slot(_ id: Int32) -> Int { Int(id >> 1) & (slots.count - 1) }

    private mutating func link(_ stream: Stream) {
        let slot = slot(stream.id.rawValue)
        stream.next = slots[slot]
        slots[slot] = stream
    }

    private mutating func grow() {
        let old = slots
        slots = [Stream?](repeating: nil, count: old.count * 2)
        for first in old {
            var candidate = first
            while let stream = candidate {
                candidate = stream.next
                link(stream)
            }
        }
    }
}
