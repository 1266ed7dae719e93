// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: strict memory safety, spans that may be returned, warnings are errors.
let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    // Glibc's module, which Synchronization imports, must read the same libc headers as CKernel.
    // Every module sees the same libc as our C headers, which need its GNU parts; otherwise Clang
    // refuses types that two modules declare differently, wherever Glibc is imported too.
    .unsafeFlags(["-Xcc", "-D_GNU_SOURCE"]),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swift)
}

let package = Package(
    name: "gatehouse",
    products: [
        .executable(name: "gatehouse", targets: ["gatehouse"]),
        .executable(name: "gatehouse-bench-upstream", targets: ["BenchmarkUpstream"]),
        .executable(name: "gatehouse-simulate", targets: ["Simulate"]),
        // For the package in Tests/Fuzz.
        .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
    ],
    targets: [
        .executableTarget(
            name: "gatehouse",
            dependencies: [
                "Server", "DemoUpstream", "Configuration", "HTTP", "Crypto", "Kernel",
            ],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "BenchmarkUpstream", dependencies: ["Kernel"], swiftSettings: swift),
        .target(
            name: "DemoUpstream", dependencies: ["HTTP", "Kernel"], swiftSettings: swift,
            linkerSettings: [.linkedLibrary("m")]),
        room(
            "Server",
            [
                "OpenAPI", "Proxy", "Upstream", "Policies", "Telemetry", "Configuration", "HTTP",
                "TLS", "Crypto", "Errors", "Kernel",
            ]),
        room("OpenAPI", ["Policies", "Configuration", "HTTP", "Errors", "Kernel"]),
        room(
            "Proxy",
            [
                "Upstream", "Policies", "Telemetry", "HTTP", "HTTP2", "TLS", "Crypto", "Errors",
                "JSON", "Kernel",
            ]
        ),
        room("Upstream", ["Kernel"]),
        room("Policies", ["HTTP", "Errors", "Crypto", "JSON", "Kernel"]),
        room("Telemetry", ["HTTP", "Errors", "Kernel"]),
        room("Configuration", ["YAML", "Errors", "Kernel"]),
        room("HTTP", ["Kernel"]),
        room("Errors", ["Kernel"]),
        // The fence: the only targets where `unsafe` may be written.
        room("HTTP2", ["HTTP", "Kernel", "CNghttp2"]),
        room("TLS", ["Kernel", "COpenSSL"]),
        room("Crypto", ["Kernel", "COpenSSL"]),
        room("JSON", ["Kernel", "CSimdjson"]),
        room("YAML", ["Kernel", "CYAML"]),
        room("Kernel", ["CKernel"]),
        // System libraries and small C shims.
        .systemLibrary(
            name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        // Optimised in debug builds too: without inlining simdjson's headers crawl.
        .target(
            name: "CSimdjson",
            cxxSettings: [.unsafeFlags(["-O2"])],
            linkerSettings: [.linkedLibrary("simdjson")]
        ),
        .target(name: "CKernel"),
        // The simulation of the core; nothing of it is in the program.
        .executableTarget(
            name: "Simulate", dependencies: ["Simulation", "Kernel"], path: "Tests/Simulate",
            swiftSettings: swift),
        .target(
            name: "Simulation",
            dependencies: [
                "Proxy", "Upstream", "Policies", "Telemetry", "HTTP2", "HTTP", "Crypto", "Errors",
                "Chance", "Kernel",
            ], path: "Tests/Simulation", swiftSettings: swift),
        .target(name: "Chance", path: "Tests/Chance", swiftSettings: swift),
        .target(
            name: "Signing", dependencies: ["Crypto", "Kernel", "COpenSSL"],
            path: "Tests/Signing", swiftSettings: swift),
        tests("SimulationTests", ["Simulation"]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Proxy", "Policies", "Configuration", "HTTP2", "HTTP", "Crypto", "JSON", "YAML",
                "Kernel",
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: swift),
        tests("FuzzTests", ["FuzzTargets"]),
        tests("KernelTests", ["Kernel"]),
        tests("HTTPTests", ["Chance", "HTTP", "Kernel"]),
        tests("YAMLTests", ["Chance", "YAML"]),
        tests("JSONTests", ["Chance", "JSON", "Kernel"]),
        tests("ConfigurationTests", ["Configuration", "Kernel"]),
        tests("ErrorsTests", ["Errors", "Kernel"]),
        tests(
            "OpenAPITests",
            ["Chance", "OpenAPI", "Policies", "Configuration", "HTTP", "Errors", "Kernel"]),
        tests(
            "PoliciesTests",
            ["Chance", "Signing", "Policies", "HTTP", "Errors", "Crypto", "JSON", "Kernel"]),
        tests("TelemetryTests", ["Telemetry", "HTTP", "Errors", "Kernel"]),
        tests("BenchmarkUpstreamTests", ["BenchmarkUpstream", "Kernel"]),
        tests("DemoUpstreamTests", ["DemoUpstream", "HTTP", "Kernel"]),
        tests("TidyTests", []),
        tests("TLSTests", ["TLS", "Kernel", "COpenSSL"]),
        tests("CryptoTests", ["Chance", "Signing", "Crypto", "Kernel", "COpenSSL"]),
        tests("HTTP2Tests", ["Chance", "HTTP2", "HTTP", "Kernel"]),
        tests("UpstreamTests", ["Chance", "Upstream", "Kernel"]),
        tests(
            "ProxyTests",
            [
                "Chance", "Proxy", "Upstream", "Policies", "HTTP2", "HTTP", "TLS", "Crypto",
                "Errors", "JSON", "Kernel",
            ]),
    ],
    cxxLanguageStandard: .cxx17
)
