/// The upper bounds of a histogram's buckets, in whole units: nanoseconds, bytes, tokens.
public struct HistogramBounds: Sendable {
    /// Ascending; above the last one there is one bucket more.
    public let limits: [UInt64]
    /// Whether the unit is nanoseconds, which are told as seconds.
    public let isTime: Bool
    /// The first bucket that a number of so many binary digits may belong to: from there it is a
    /// step or two.
    private let starts: [UInt8]

    /// How long a client waits, up to the ten minutes that a thinking model may take.
    public static let waits = HistogramBounds(
        [
            1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
            250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000,
            10_000_000_000, 30_000_000_000, 60_000_000_000, 300_000_000_000, 600_000_000_000,
        ], isTime: true)
    /// What the gateway itself takes.
    public static let work = HistogramBounds(
        [
            10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
            10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 1_000_000_000,
            10_000_000_000,
        ], isTime: true)
    public static let bytes = HistogramBounds([
        64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 10_485_760,
        67_108_864, 1_073_741_824,
    ])
    /// As OpenTelemetry advises for `gen_ai.client.token.usage`.
    public static let tokens = HistogramBounds([
        1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304,
        16_777_216, 67_108_864,
    ])

    init(_ limits: [UInt64], isTime: Bool = false) {
        self.limits = limits
        self.isTime = isTime
        starts = (0...64).map { digits in
            let least: UInt64 = digits == 0 ? 0 : 1 << UInt64(digits - 1)
            return UInt8(limits.firstIndex { $0 >= least } ?? limits.count)
        }
    }

    /// How many numbers there is room for: buckets, and behind the last one the sum. It is the same
    /// for all, so that places are known when the program is compiled.
    static let cellCount = 20

    /// The bucket of `value`: the first whose bound is not below it.
    @inline(__always)
    func bucket(of value: UInt64) -> Int {
        var bucket = Int(starts[64 - value.leadingZeroBitCount])
        while bucket < limits.count, limits[bucket] < value { bucket += 1 }
        return bucket
    }
}
