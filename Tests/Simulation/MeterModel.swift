import Kernel
import Policies

/// What one limited key was admitted and refused, compared with what its limits said at the time.
struct MeterModel {
    private struct Decision {
        let moment: UInt64
        /// Nanoseconds since 1970.
        let wall: Int64
        let limits: RequestLimits
        let isAdmitted: Bool
    }

    private var decisions: [Decision] = []

    mutating func note(at moment: UInt64, wall: Int64, _ limits: RequestLimits, isAdmitted: Bool) {
        decisions.append(
            Decision(moment: moment, wall: wall, limits: limits, isAdmitted: isAdmitted))
    }

    /// What was decided wrongly; nil: nothing. Among decisions of one moment the order is unknown,
    /// but their number is not.
    var finding: String? {
        var state = State()
        let moments = Dictionary(grouping: decisions, by: \.moment)
        for moment in moments.keys.sorted() {
            let here = moments[moment] ?? []
            let admitted = here.count(where: \.isAdmitted)
            let room = here.count { state.admits($0) }
            if admitted != room {
                return "\(admitted) of \(here.count) admitted at \(moment), room was for \(room)"
            }
        }
        return nil
    }

    private struct State {
        private var anchor: UInt64?
        private var anchored = 0
        private var minute = Window()
        private var day = Window()

        mutating func admits(_ decision: Decision) -> Bool {
            let limits = decision.limits
            let isAnchored = limits.minuteKind == .anchoredMinute
            if isAnchored {
                if let anchor, decision.moment - anchor >= 60_000_000_000 { self.anchor = nil }
                if anchor == nil { anchored = 0 }
            } else {
                minute.roll(60_000_000_000, to: decision)
            }
            guard (isAnchored ? anchored : minute.count) < limits.perMinute ?? .max else {
                return false
            }
            if let limit = limits.perDay {
                day.roll(86_400_000_000_000, to: decision)
                guard day.count < limit else { return false }
                day.count += 1
            }
            anchor = anchor ?? decision.moment
            anchored += 1
            minute.count += 1
            return true
        }
    }

    /// A window of the wall clock. Set back, the clock does not open it again, unless as much time
    /// has passed as the window had left.
    private struct Window {
        private var range: Range<Int64> = 0..<0
        private var expiry: UInt64 = 0
        var count = 0

        mutating func roll(_ length: Int64, to decision: Decision) {
            if range.contains(decision.wall) { return }
            if decision.wall < range.lowerBound, decision.moment < expiry { return }
            let start = decision.wall / length * length
            range = start..<(start + length)
            expiry = decision.moment + UInt64(range.upperBound - decision.wall)
            count = 0
        }
    }
}
