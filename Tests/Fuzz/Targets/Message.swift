import HTTP

/// A message as a codec reported it.
struct Message {
    var head: Head?
    var body: [UInt8] = []
    var trailers: Head?
    var isComplete = false

    /// Everything another codec must say again. How the length was said is left out.
    var meaning: Transcript {
        var meaning = Transcript()
        if let head { meaning.put(head, length: false) }
        meaning.note(.body(StreamID(0), body.indices), in: body)
        if let trailers { meaning.put(trailers, length: false) }
        return meaning
    }

    /// Takes `event` in; `input` is what its ranges name. Whether a head in it is kept.
    mutating func take(_ event: CodecEvent, in input: [UInt8]) -> Bool {
        guard !isComplete else { return false }
        switch event {
        case .head(_, let head, let isEnd):
            self.head = head
            isComplete = isEnd
            return true
        case .body(_, let range): body.append(contentsOf: input[range])
        case .end(_, let trailers):
            self.trailers = trailers
            isComplete = true
            return true
        default: break
        }
        return false
    }
}
