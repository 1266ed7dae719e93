/// What the gateway says to somebody who only counts its frames.
struct FrameReader {
    private var header: [UInt8] = []
    /// The last frame's payload that has not come yet.
    private var missing = 0
    private(set) var resets = 0
    private(set) var heads = 0
    /// The gateway has said that this is the end.
    private(set) var hasGoodbye = false

    mutating func take(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if missing > 0 {
                let count = min(missing, rest.count)
                missing -= count
                rest = rest.dropFirst(count)
            } else {
                let count = min(9 - header.count, rest.count)
                header += rest.prefix(count)
                rest = rest.dropFirst(count)
                guard header.count == 9 else { return }
                missing = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            }
            if header.count == 9, missing == 0 { endFrame() }
        }
    }

    private mutating func endFrame() {
        switch Frame.Kind(rawValue: header[3]) {
        case .headers: heads += 1
        case .reset: resets += 1
        case .goAway: hasGoodbye = true
        default: break
        }
        header = []
    }
}
