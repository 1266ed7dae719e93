import DemoUpstream
import Kernel

/// `gatehouse demo-upstream`
enum DemoCommand {
    static func run(_ arguments: [String]) throws -> Status {
        let options = try Options(arguments, allowed: ["--listen"])
        let text = try options.required("--listen")
        guard let address = SocketAddress(text) else {
            throw Options.Misuse(
                message: "--listen takes an address like 127.0.0.1:8081 or [::1]:8081")
        }
        Signal.blockAll()
        let stop = try Waker()
        let signals = try Thread.spawn(name: "signals") {
            while true {
                switch Signal.wait(milliseconds: 60_000) {
                case .terminate, .interrupt:
                    stop.wake()
                    return
                case .hangUp, .user1, .user2, nil: continue
                }
            }
        }
        try DemoUpstream.serve(on: address, until: stop) { local in
            StandardStream.output.write(
                """
                {"event":"listening","name":"demo-upstream","address":"\(local.ip)",\
                "port":\(local.port)}

                """)
        }
        signals.join()
        return .success
    }
}
