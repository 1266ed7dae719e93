import HTTP

/// The exchanges of one connection by stream: open addressing with linear probing.
///
/// Identifiers of one connection step by two, so that `id / 2` spreads a hundred open streams over
/// a small table without a collision, and a look-up costs one comparison.
struct StreamTable {
    private var keys: [Int32] = []
    private var values: [Exchange?] = []
    private(set) var count = 0

    subscript(stream: StreamID) -> Exchange? {
        guard count > 0 else { return nil }
        let mask = keys.count - 1
        var index = home(stream.rawValue, mask)
        while keys[index] != 0 {
            if keys[index] == stream.rawValue { return values[index] }
            index = (index + 1) & mask
        }
        return nil
    }

    mutating func insert(_ exchange: Exchange, for stream: StreamID) {
        if (count + 1) * 2 > keys.count { grow() }
        place(exchange, stream.rawValue)
        count += 1
    }

    mutating func remove(_ stream: StreamID) {
        guard count > 0 else { return }
        let mask = keys.count - 1
        var hole = home(stream.rawValue, mask)
        while keys[hole] != stream.rawValue {
            if keys[hole] == 0 { return }
            hole = (hole + 1) & mask
        }
        // Entries behind the hole that would not be found any more move into it.
        var index = (hole + 1) & mask
        while keys[index] != 0 {
            let distance = (index - home(keys[index], mask)) & mask
            if distance >= (index - hole) & mask {
                keys[hole] = keys[index]
                values[hole] = values[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        keys[hole] = 0
        values[hole] = nil
        count -= 1
    }

    /// The exchanges; a copy, so that visiting them may remove them.
    var all: [Exchange] { count == 0 ? [] : values.compactMap { $0 } }

    private func home(_ key: Int32, _ mask: Int) -> Int { Int(key >> 1) & mask }

    private mutating func grow() {
        let oldKeys = keys
        let oldValues = values
        let size = max(4, keys.count * 2)
        keys = Array(repeating: 0, count: size)
        values = Array(repeating: nil, count: size)
        for (key, value) in zip(oldKeys, oldValues) where key != 0 {
            if let value { place(value, key) }
        }
    }

    private mutating func place(_ exchange: Exchange, _ key: Int32) {
        let mask = keys.count - 1
        var index = home(key, mask)
        while keys[index] != 0 { index = (index + 1) & mask }
        keys[index] = key
        values[index] = exchange
    }
}
