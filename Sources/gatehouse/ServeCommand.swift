import Configuration
import Kernel
import Server

/// `gatehouse serve`
enum ServeCommand {
    static func run(_ arguments: [String]) throws -> Status {
        let options = try Options(arguments, allowed: ["--config"])
        let path = try options.required("--config")
        let configuration = try Configuration.load(path: path)
        let gateway = try Gateway(
            configuration, path: path,
            announce: { StandardStream.output.write($0 + "\n") },
            warn: { StandardStream.error.write("gatehouse: warning: \($0)\n") })
        gateway.run()
        return .success
    }
}

/// `gatehouse check`
enum CheckCommand {
    static func run(_ arguments: [String]) throws -> Status {
        let options = try Options(arguments, allowed: ["--config"])
        let path = try options.required("--config")
        let configuration = try Configuration.load(path: path)
        do throws(StartFault) {
            try Gateway.check(configuration)
        } catch {
            StandardStream.error.write("\(path):1:1: \(error)\n")
            return .failure
        }
        return .success
    }
}

/// `gatehouse version`
enum VersionCommand {
    static func run(_ arguments: [String]) throws -> Status {
        guard let first = arguments.first else {
            StandardStream.output.write("gatehouse \(Gatehouse.version)\n")
            return .success
        }
        throw Options.Misuse(message: "unexpected argument \"\(first)\"")
    }
}
