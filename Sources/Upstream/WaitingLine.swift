/// A place in a waiting line, to leave it by.
public struct WaitingTicket: Hashable, Sendable {
    fileprivate let place: Int32
    fileprivate let number: UInt32
}

/// Those who wait, in the order in which they came. Joining, leaving from the middle and being
/// served take the same few steps however long the line is, and no memory once it has been as long
/// before.
struct WaitingLine {
    private struct Place {
        var waiter: UInt64 = 0
        /// Which ticket the place belongs to; 0: to none.
        var number: UInt32 = 0
        var previous: Int32 = -1
        /// The one behind; of a free place, the next free one.
        var next: Int32 = -1
    }

    private var places: [Place] = []
    private var first: Int32 = -1
    private var last: Int32 = -1
    private var free: Int32 = -1
    private var lastNumber: UInt32 = 0
    private(set) var count = 0
    /// More places than this are not kept once the line is empty.
    private static let keptPlaces = 1_024

    mutating func join(_ waiter: UInt64) -> WaitingTicket {
        let place = takePlace()
        lastNumber = lastNumber == .max ? 1 : lastNumber + 1
        places[Int(place)] = Place(waiter: waiter, number: lastNumber, previous: last)
        if last >= 0 { places[Int(last)].next = place } else { first = place }
        last = place
        count += 1
        return WaitingTicket(place: place, number: lastNumber)
    }

    /// Leaves the line, from wherever; nothing happens when the ticket was served already.
    mutating func leave(_ ticket: WaitingTicket) {
        let index = Int(ticket.place)
        guard index < places.count, places[index].number == ticket.number else { return }
        remove(ticket.place)
    }

    /// Takes the one who waits longest.
    mutating func popFirst() -> UInt64? {
        guard first >= 0 else { return nil }
        let waiter = places[Int(first)].waiter
        remove(first)
        return waiter
    }

    private mutating func takePlace() -> Int32 {
        if free >= 0 {
            let place = free
            free = places[Int(place)].next
            return place
        }
        places.append(Place())
        return Int32(places.count - 1)
    }

    private mutating func remove(_ place: Int32) {
        let (previous, next) = (places[Int(place)].previous, places[Int(place)].next)
        if previous >= 0 { places[Int(previous)].next = next } else { first = next }
        if next >= 0 { places[Int(next)].previous = previous } else { last = previous }
        places[Int(place)] = Place(next: free)
        free = place
        count -= 1
        if count == 0, places.count > Self.keptPlaces {
            places = []
            free = -1
        }
    }
}
