import CKernel

/// A process that this one has started.
///
/// *Safety:* the arrays of C strings live until the call that reads them has returned, and are
/// freed once.
@safe
public struct ChildProcess: Sendable {
    public let number: Int32

    /// The number of this process.
    public static var own: Int32 { getpid() }

    /// Starts `arguments` with our environment and standard streams. It inherits `sockets`, and
    /// `channel` to speak with us; every other descriptor of ours is closed in it.
    public static func start(
        _ arguments: [String], sockets: [Inheritance.Entry], channel: Int32
    ) throws(SystemFault) -> ChildProcess {
        let variables = [
            "\(Inheritance.countVariable)=\(sockets.count)",
            "\(Inheritance.namesVariable)=\(sockets.map(\.name).joined(separator: ":"))",
            "\(Inheritance.predecessorVariable)=\(getpid())",
        ]
        let descriptors = sockets.map(\.descriptor) + [channel]
        var number: Int32 = 0
        let code = unsafe withStrings(arguments) { arguments in
            unsafe withStrings(inherited + variables) { environment in
                unsafe gh_spawn(
                    arguments, environment, descriptors, Int32(descriptors.count), &number)
            }
        }
        guard code == 0 else {
            throw SystemFault("start \(arguments.first ?? "")", code: code)
        }
        return ChildProcess(number: number)
    }

    /// Our environment but for what was said of our own descriptors.
    private static var inherited: [String] {
        let own = [
            Inheritance.processVariable, Inheritance.countVariable, Inheritance.namesVariable,
            Inheritance.predecessorVariable,
        ]
        return ProcessEnvironment.all.filter { entry in
            !own.contains { entry.hasPrefix("\($0)=") }
        }
    }

    private static func withStrings<Result>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var strings = unsafe texts.map { unsafe strdup($0) }
        unsafe strings.append(nil)
        defer {
            for index in unsafe strings.indices { unsafe free(strings[index]) }
        }
        return unsafe strings.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }

    /// How the process ended, in words; nil: it has not. To be asked until it has.
    public func ending() -> String? {
        var status: Int32 = 0
        guard unsafe waitpid(number, &status, WNOHANG) == number else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? "ended with status \(status >> 8 & 0xff)" : "died of signal \(signal)"
    }

    public func kill() { _ = CKernel.kill(number, SIGKILL) }
}
