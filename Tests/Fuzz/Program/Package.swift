// swift-tools-version: 6.2
import PackageDescription

/// The program behind `make fuzz`, apart from the gateway's package so that nobody else builds it.
///
/// What is checked stands in the gateway's target FuzzTargets, where the unit tests replay it too.
let package = Package(
    name: "gatehouse-fuzz",
    dependencies: [.package(name: "gatehouse", path: "../../..")],
    targets: [
        .target(name: "CFuzzer", path: "CFuzzer"),
        .executableTarget(
            name: "gatehouse-fuzz",
            dependencies: [
                "CFuzzer", .product(name: "FuzzTargets", package: "gatehouse"),
            ],
            path: "Driver",
            // gold cannot link what the sanitizers add.
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
    ],
    cxxLanguageStandard: .cxx17
)
