import Configuration
import Kernel
import Server

/// The program: finds the command and turns its outcome into an exit code.
@main
enum Gatehouse {
    static let version = Gateway.version

    static func main() {
        var arguments = CommandLine.arguments.dropFirst()
        let status = run(&arguments)
        ProcessExit.exit(status.rawValue)
    }

    private static func run(_ arguments: inout ArraySlice<String>) -> Status {
        guard let word = arguments.popFirst() else {
            return misuse("a command is missing")
        }
        switch word {
        case "--help", "-h", "help": return help(Usage.all)
        case "--version": return dispatch([], Usage.version, VersionCommand.run)
        case "serve": return dispatch(arguments, Usage.serve, ServeCommand.run)
        case "check": return dispatch(arguments, Usage.check, CheckCommand.run)
        case "health": return dispatch(arguments, Usage.health, HealthCommand.run)
        case "keys": return keys(&arguments)
        case "demo-upstream": return dispatch(arguments, Usage.demo, DemoCommand.run)
        case "version": return dispatch(arguments, Usage.version, VersionCommand.run)
        default: return misuse("unknown command \"\(word)\"")
        }
    }

    private static func keys(_ arguments: inout ArraySlice<String>) -> Status {
        switch arguments.popFirst() {
        case "--help", "-h": return help(Usage.keys)
        case "new": return dispatch(arguments, Usage.keysNew, KeysNewCommand.run)
        case let word?: return misuse("unknown command \"keys \(word)\"")
        case nil: return misuse("a command is missing behind \"keys\"")
        }
    }

    private static func dispatch(
        _ arguments: ArraySlice<String>, _ usage: String, _ command: ([String]) throws -> Status
    ) -> Status {
        if arguments.contains("--help") || arguments.contains("-h") { return help(usage) }
        do {
            return try command(Array(arguments))
        } catch let misuse as Options.Misuse {
            return Self.misuse(misuse.message)
        } catch let problems as ConfigurationProblems {
            StandardStream.error.write("\(problems)\n")
            return .failure
        } catch {
            StandardStream.error.write("gatehouse: \(error)\n")
            return .failure
        }
    }

    private static func help(_ text: String) -> Status {
        StandardStream.output.write(text)
        return .success
    }

    private static func misuse(_ message: String) -> Status {
        StandardStream.error.write("gatehouse: \(message)\nTry \"gatehouse --help\".\n")
        return .misuse
    }
}

/// How the program ends, as Unix tools do.
enum Status: Int32 {
    case success = 0
    case failure = 1
    case misuse = 2
}
