import Kernel

/// One limit that a request has to pass: how much is allowed, and what has been used.
public struct Gate: Sendable {
    public let limits: RequestLimits
    public let meter: Meter

    public init(_ limits: RequestLimits, _ meter: Meter) {
        self.limits = limits
        self.meter = meter
    }
}

/// All limits that hold for one caller, from the widest to the narrowest: its project's, its user's
/// and its key's.
///
/// A request is counted at every gate or at none: each gate's meter stays locked while those behind
/// it are asked, and counts only when they have admitted. All callers lock in the same order (a
/// project before its users, these before keys, the process last), so nobody waits in a circle.
public struct Gates: Sendable {
    private let gates: [Gate]

    /// `gates` from the widest to the narrowest; those without a limit are left out.
    public init(_ gates: [Gate]) { self.gates = gates.filter { !$0.limits.isUnlimited } }

    public static let none = Gates([])

    /// Counts one request at every gate, and at the process's if it has a limit, if all admit it.
    public func admit(at moment: Moment, within process: ProcessLimit? = nil) -> Admission {
        admit(at: moment, within: process, from: 0)
    }

    private func admit(
        at moment: Moment, within process: ProcessLimit?, from index: Int
    ) -> Admission {
        guard index < gates.count else { return Self.ask(process, at: moment) }
        let gate = gates[index]
        return gate.meter.admit(gate.limits, at: moment) {
            admit(at: moment, within: process, from: index + 1)
        }
    }

    /// What the process has left is nothing to tell a caller of.
    private static func ask(_ process: ProcessLimit?, at moment: Moment) -> Admission {
        guard let process, case .processExhausted(let reading) = process.admit(at: moment) else {
            return .admitted(nil)
        }
        return .processExhausted(reading)
    }
}
