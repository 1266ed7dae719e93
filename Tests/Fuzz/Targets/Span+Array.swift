extension Span where Element == UInt8 {
    /// A copy in memory of its own, so that a sanitizer sees every step beyond its end.
    var array: [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(count)
        for index in indices { copy.append(self[index]) }
        return copy
    }
}
