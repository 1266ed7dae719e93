/// What one worker knows of the directory: finds the number of a set of labels in a few steps,
/// without a lock and without text.
struct LabelIndex {
    private let directory: LabelDirectory
    /// Open addressing, at most half full; 0 is an empty place.
    private var keys: [UInt64]
    private var numbers: [Int32]
    private let mask: Int
    /// The directory is full and everything in it is here.
    private var isComplete = false

    init(_ directory: LabelDirectory) {
        self.directory = directory
        var size = 16
        while size < directory.bound * 2 { size *= 2 }
        keys = Array(repeating: 0, count: size)
        numbers = Array(repeating: 0, count: size)
        mask = size - 1
    }

    /// nil: the directory is full and does not have these labels.
    mutating func number(of labels: RequestLabels) -> Int? {
        let place = place(of: labels.rawValue)
        if keys[place] == labels.rawValue { return Int(numbers[place]) }
        if isComplete { return nil }
        if let number = directory.number(of: labels) {
            insert(labels.rawValue, number)
            return number
        }
        // Full for ever: with the rest of it nobody has to be asked again.
        for number in 0..<directory.count { insert(directory[number].rawValue, number) }
        isComplete = true
        return nil
    }

    private mutating func insert(_ key: UInt64, _ number: Int) {
        let place = place(of: key)
        keys[place] = key
        numbers[place] = Int32(truncatingIfNeeded: number)
    }

    /// Where `key` stands, or else would.
    private func place(of key: UInt64) -> Int {
        let mixed = key &* 0x9e37_79b9_7f4a_7c15
        var place = Int(truncatingIfNeeded: mixed >> 32) & mask
        while keys[place] != 0, keys[place] != key { place = (place + 1) & mask }
        return place
    }
}
