import Kernel
import Policies

/// What one limited key was admitted and refused, compared with what its limit says.
struct MeterModel {
    private struct Decision {
        let nanoseconds: UInt64
        let isAdmitted: Bool
    }

    private let limits: RequestLimits
    private var decisions: [Decision] = []

    init(_ limits: RequestLimits) { self.limits = limits }

    mutating func note(at nanoseconds: UInt64, isAdmitted: Bool) {
        decisions.append(Decision(nanoseconds: nanoseconds, isAdmitted: isAdmitted))
    }

    /// What was decided wrongly; nil: nothing. Among decisions of one moment the order is unknown,
    /// but their number is not.
    func finding(startOfTime: Int64) -> String? {
        var minute = Window(), day = Window()
        var anchor: UInt64?
        let moments = Dictionary(grouping: decisions, by: \.nanoseconds)
        for moment in moments.keys.sorted() {
            let wall = UInt64(startOfTime) + moment
            if limits.minuteKind == .anchoredMinute {
                if let start = anchor, moment - start >= 60_000_000_000 { anchor = nil }
                minute.roll(to: anchor ?? moment)
            } else {
                minute.roll(to: wall / 60_000_000_000)
            }
            day.roll(to: wall / 86_400_000_000_000)
            let here = moments[moment] ?? []
            let admitted = here.filter(\.isAdmitted).count
            let room = min(
                (limits.perMinute ?? .max) - minute.count, (limits.perDay ?? .max) - day.count)
            if admitted != min(room, here.count) {
                return "\(admitted) of \(here.count) admitted at \(moment), room was for \(room)"
            }
            if admitted > 0, anchor == nil { anchor = moment }
            minute.count += admitted
            day.count += admitted
        }
        return nil
    }

    private struct Window {
        private var start: UInt64?
        var count = 0

        mutating func roll(to start: UInt64) {
            if start != self.start { count = 0 }
            self.start = start
        }
    }
}
