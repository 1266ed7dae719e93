import Configuration
import Kernel
import Server

/// `gatehouse serve`
enum ServeCommand {
    static func run(_ arguments: [String]) -> Status {
        do {
            let options = try Options(arguments, allowed: ["--config"])
            let configuration = try Configuration.load(path: try options.required("--config"))
            let gateway = try Gateway(
                configuration,
                announce: { StandardStream.output.write($0 + "\n") },
                warn: { StandardStream.error.write("gatehouse: warning: \($0)\n") })
            gateway.run()
            return .success
        } catch let misuse as Options.Misuse {
            return Gatehouse.misuse(misuse.message)
        } catch let problems as ConfigurationProblems {
            StandardStream.error.write("\(problems)\n")
            return .failure
        } catch {
            return Gatehouse.failure("\(error)")
        }
    }
}

/// `gatehouse check`
enum CheckCommand {
    static func run(_ arguments: [String]) -> Status {
        do {
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
        } catch let misuse as Options.Misuse {
            return Gatehouse.misuse(misuse.message)
        } catch let problems as ConfigurationProblems {
            StandardStream.error.write("\(problems)\n")
            return .failure
        } catch {
            return Gatehouse.failure("\(error)")
        }
    }
}

/// `gatehouse version`
enum VersionCommand {
    static func run(_ arguments: [String]) -> Status {
        guard let first = arguments.first else {
            StandardStream.output.write("gatehouse \(Gatehouse.version)\n")
            return .success
        }
        return Gatehouse.misuse("unexpected argument \"\(first)\"")
    }
}
