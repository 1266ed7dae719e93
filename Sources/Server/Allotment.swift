import Kernel

/// The sockets of one worker on their way to its thread. The worker takes them, and is the only one
/// then to hold them beside whoever may have to pass them on: they close when it lets go.
final class Allotment: Sendable {
    private let places: Lock<[ListenerSockets.Place]>

    init(_ places: [ListenerSockets.Place]) { self.places = Lock(places) }

    func take() -> [ListenerSockets.Place] {
        places.withLock { places in
            defer { places = [] }
            return places
        }
    }
}
