/// Counts the frames in a stream of bytes, whatever they are and however the bytes are cut.
///
/// libnghttp2 passes some frames by without a word (DATA on a stream that is over, say). What this
/// counts beyond what libnghttp2 reports is those.
struct FrameWalker {
    private static let headerBytes = 9

    /// Bytes that belong to the preface or to the payload of the last frame.
    private var ahead: Int
    /// How much of the next frame's header has come, and the length it tells.
    private var headerCount = 0
    private var length = 0

    /// `preface`: bytes in front of the first frame.
    init(preface: Int) { ahead = preface }

    /// The number of frames whose header ends within `bytes`.
    mutating func count(_ bytes: Span<UInt8>) -> Int {
        var frames = 0
        var index = 0
        while index < bytes.count {
            let skipped = min(ahead, bytes.count - index)
            ahead -= skipped
            index += skipped
            while index < bytes.count, headerCount < Self.headerBytes {
                if headerCount < 3 { length = length << 8 | Int(bytes[index]) }
                headerCount += 1
                index += 1
            }
            guard headerCount == Self.headerBytes, ahead == 0 else { break }
            frames += 1
            ahead = length
            headerCount = 0
            length = 0
        }
        return frames
    }
}
