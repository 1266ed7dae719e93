import Kernel

/// Days and months outlive the process.
extension Meter {
    func record(at moment: Moment) -> MeterRecord {
        withState { state in
            MeterRecord(
                requestDay: Self.record(state.day, at: moment),
                requestMonth: Self.record(state.month, at: moment),
                tokenDay: Self.record(state.tokens.day, at: moment),
                tokenMonth: Self.record(state.tokens.month, at: moment))
        }
    }

    /// Takes the place of what was counted so far.
    func restore(_ record: MeterRecord, at moment: Moment) {
        withState { state in
            state.day = WallWindow(record.requestDay, .day, at: moment)
            state.month = WallWindow(record.requestMonth, .month, at: moment)
            state.tokens.day = WallWindow(record.tokenDay, .day, at: moment)
            state.tokens.month = WallWindow(record.tokenMonth, .month, at: moment)
        }
    }

    /// Adds what was counted elsewhere between two records.
    func add(from before: MeterRecord, to after: MeterRecord, at moment: Moment) {
        withState { state in
            state.day.add(from: before.requestDay, to: after.requestDay, .day, at: moment)
            state.month.add(from: before.requestMonth, to: after.requestMonth, .month, at: moment)
            state.tokens.day.add(from: before.tokenDay, to: after.tokenDay, .day, at: moment)
            state.tokens.month.add(
                from: before.tokenMonth, to: after.tokenMonth, .month, at: moment)
        }
    }

    private static func record(_ window: WallWindow, at moment: Moment) -> WindowRecord {
        window.isOver(at: moment) ? WindowRecord() : window.record
    }
}
