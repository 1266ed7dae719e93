/// The targets from the top of the house to its bottom, and what the package says each may see.
struct TargetGraph {
    /// A target may depend on targets that stand below it here, never on one above.
    static let order = [
        "FuzzTargets", "gatehouse", "Simulate", "Simulation", "Chance", "Signing",
        "BenchmarkUpstream", "DemoUpstream", "Server", "Control", "OpenAPI",
        "Proxy", "Upstream", "Policies", "Telemetry", "Configuration", "HTTP2", "HTTP", "Errors",
        "TLS", "Crypto", "JSON", "Store", "YAML", "Kernel",
    ]
    static let cLibraries: Set<String> = [
        "CNghttp2", "COpenSSL", "CSimdjson", "CKernel", "CSQLite", "CYAML",
    ]
    /// The only targets in which `unsafe` may be written and a C library imported.
    static let fence: Set<String> = ["HTTP2", "TLS", "Crypto", "JSON", "Kernel", "Store", "YAML"]
    static let executables: Set<String> = ["gatehouse", "BenchmarkUpstream"]
    /// Where Foundation would cost start-up, size and speed.
    static let dataPath: Set<String> = [
        "HTTP", "HTTP2", "TLS", "Crypto", "JSON", "Kernel", "Errors", "Policies", "Telemetry",
        "Proxy", "Upstream", "DemoUpstream", "BenchmarkUpstream",
    ]

    /// Declared dependencies by target.
    let dependencies: [String: Set<String>]

    /// Reads the manifest: `room(…)`, `tests(…)`, `.executableTarget(…)` and `.target(…)` entries.
    init(manifest: String) {
        var found: [String: Set<String>] = [:]
        let entry =
            #/
            (?: room | tests | \.executableTarget | \.testTarget | \.target ) \(
            \s* (?: name: \s* )? "(\w+)" \s*
            (?: , \s* (?: dependencies: \s* )? \[ ([^\]]*) \] )?
            /#
        for match in manifest.matches(of: entry) {
            let names = (match.2 ?? "").matches(of: /"(\w+)"/).map { String($0.1) }
            found[String(match.1)] = Set(names)
        }
        dependencies = found
    }
}
