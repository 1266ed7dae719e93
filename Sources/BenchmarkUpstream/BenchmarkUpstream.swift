import Kernel

/// The fixed upstream of the benchmark: one thread, prebuilt answers, no policy and no log, so that
/// what a load generator measures is the gateway in front of it.
///
///     gatehouse-bench-upstream --listen 127.0.0.1:9000
///
/// Every request gets a completion of 1,024 bytes, except: `/sse?chunks=N&delay=MS` and any body
/// that asks `"stream":true` get N events (100, 10 ms apart); `/blob?bytes=N` gets N bytes; `/sink`
/// swallows its body and answers how long it was.
@main
enum BenchmarkUpstream {
    static func main() throws {
        guard let address = listenAddress(CommandLine.arguments) else {
            StandardStream.error.write("usage: gatehouse-bench-upstream --listen IP:PORT\n")
            ProcessExit.exit(2)
        }
        let loop = try AnswerLoop(on: address)
        if let local = loop.localAddress {
            StandardStream.output.write(
                "{\"listener\":\"benchmark\",\"address\":\"\(local)\"}\n")
        }
        while true { try loop.turn() }
    }

    static func listenAddress(_ arguments: [String]) -> SocketAddress? {
        guard arguments.count == 3, arguments[1] == "--listen" else { return nil }
        return SocketAddress(arguments[2])
    }
}
