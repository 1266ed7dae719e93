/// First come, first served. Taking the first costs the same however many wait behind it.
struct Queue<Element> {
    private var elements: [Element?] = []
    /// Behind those that were taken and whose places are not given back yet.
    private var first = 0

    var isEmpty: Bool { first == elements.count }
    var count: Int { elements.count - first }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard first < elements.count else { return nil }
        let element = elements[first].take()
        first += 1
        // When half of the places are free the rest moves down: one move for each element taken.
        if first * 2 >= elements.count {
            elements.removeSubrange(..<first)
            first = 0
        }
        return element
    }
}
