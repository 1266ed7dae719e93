// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: strict memory safety, spans that may be returned, warnings are errors.
let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
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
    ],
    targets: [
        .executableTarget(
            name: "gatehouse",
            dependencies: ["Server", "Configuration", "Crypto", "DemoUpstream", "Kernel"],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "BenchmarkUpstream", dependencies: ["Kernel"], swiftSettings: swift),
        .target(
            name: "DemoUpstream", dependencies: ["HTTP", "Kernel"], swiftSettings: swift,
            linkerSettings: [.linkedLibrary("m")]),
        room(
            "Server",
            ["Proxy", "Upstream", "Policies", "Telemetry", "Configuration", "TLS", "Kernel"]),
        room(
            "Proxy",
            [
                "Upstream", "Policies", "Telemetry", "HTTP", "HTTP2", "TLS", "Errors", "JSON",
                "Kernel",
            ]
        ),
        room("Upstream", ["Configuration", "HTTP", "Kernel"]),
        room("Policies", ["Configuration", "HTTP", "Errors", "Crypto", "JSON", "Kernel"]),
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
        .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CKernel"),
        tests("KernelTests", ["Kernel"]),
        tests("HTTPTests", ["HTTP", "Kernel"]),
        tests("BenchmarkUpstreamTests", ["BenchmarkUpstream", "Kernel"]),
        tests("DemoUpstreamTests", ["DemoUpstream", "HTTP", "Kernel"]),
        tests("TidyTests", []),
    ],
    cxxLanguageStandard: .cxx17
)
