/// The living objects of one kind, found by token in one step.
struct SlotTable<Value: AnyObject> {
    private let kind: Token.Kind
    private var values: [Value?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []
    private(set) var count = 0

    init(_ kind: Token.Kind) { self.kind = kind }

    mutating func insert(_ make: (Token) -> Value) -> Value {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = values.count
            values.append(nil)
            generations.append(0)
        }
        let value = make(Token(kind, slot: slot, generation: generations[slot]))
        values[slot] = value
        count += 1
        return value
    }

    subscript(token: Token) -> Value? {
        let slot = token.slot
        guard slot < values.count, generations[slot] & 0xff_ffff == token.generation else {
            return nil
        }
        return values[slot]
    }

    mutating func remove(_ token: Token) {
        guard self[token] != nil else { return }
        values[token.slot] = nil
        generations[token.slot] &+= 1
        free.append(token.slot)
        count -= 1
    }

    /// The living objects; a copy, so that visiting them may remove them.
    var all: [Value] { values.compactMap { $0 } }
}
