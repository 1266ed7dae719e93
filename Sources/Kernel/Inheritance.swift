import CKernel

/// What was open when the process was started: sockets that the service manager has bound, as
/// sd_listen_fds(3) describes it, or those of the process whose place this one takes.
public struct Inheritance: Equatable, Sendable {
    /// A descriptor and what its giver calls it.
    public struct Entry: Equatable, Sendable {
        public let name: String
        public let descriptor: Int32

        public init(name: String, descriptor: Int32) {
            self.name = name
            self.descriptor = descriptor
        }
    }

    public private(set) var sockets: [Entry] = []
    /// How to speak with the process before this one; nil: there is none.
    public private(set) var channel: Int32?

    static let firstDescriptor: Int32 = 3
    /// More than any service has.
    static let bound = 4_096
    static let processVariable = "LISTEN_PID"
    static let countVariable = "LISTEN_FDS"
    static let namesVariable = "LISTEN_FDNAMES"
    /// The number of the process whose place is taken. It cannot set `LISTEN_PID`, because nobody
    /// knows the number of a process before it has been started.
    static let predecessorVariable = "GATEHOUSE_PREDECESSOR"

    /// Nothing.
    public init() {}

    /// What the environment says is meant for the process `own` only if it is named there, or its
    /// parent is.
    init(_ variable: (String) -> String?, own: Int32, parent: Int32) {
        let isSuccessor = variable(Self.predecessorVariable) == String(parent)
        guard isSuccessor || variable(Self.processVariable) == String(own),
            let count = variable(Self.countVariable).flatMap({ Int32($0) }),
            0...Int32(Self.bound) ~= count
        else { return }
        let names = (variable(Self.namesVariable) ?? "").split(
            separator: ":", omittingEmptySubsequences: false)
        sockets = (0..<count).map { place in
            Entry(
                name: Int(place) < names.count ? String(names[Int(place)]) : "",
                descriptor: Self.firstDescriptor + place)
        }
        if isSuccessor { channel = Self.firstDescriptor + count }
    }

    /// This process's. What it starts in turn does not get any of it by chance.
    public static func ofThisProcess() -> Inheritance {
        let found = Inheritance(ProcessEnvironment.value, own: getpid(), parent: getppid())
        for descriptor in found.sockets.map(\.descriptor) + [found.channel].compactMap(\.self) {
            gh_make_private(descriptor)
        }
        return found
    }
}
