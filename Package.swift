// swift-tools-version: 6.2
import PackageDescription

// Chốt depends on no Swift package. C libraries come from Debian through the module maps in
// Sources/Shared/C…; only the target Platform may import them (Tests/TidyTests holds that).

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

func room(
    _ name: String, path: String, on dependencies: [Target.Dependency] = [],
    exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, exclude: exclude,
        resources: resources, swiftSettings: strict)
}

func program(_ name: String, path: String, on core: String) -> Target {
    .executableTarget(
        name: name, dependencies: [.init(stringLiteral: core), "Wire"], path: path,
        swiftSettings: strict)
}

func tests(_ room: String, on dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(room)Tests", dependencies: dependencies, path: "Tests/\(room)Tests",
        swiftSettings: strict)
}

/// The rooms of the collector, earliest first, in the order of ARCHITECTURE.md: each may name those before it and no
/// other. The last is the composition root and the commands, the module Collector.
let collectorRooms = [
    "Values", "Store", "Notifications", "Usage", "Clock", "Delivery", "Locks", "Detection",
    "Evidence", "Backups", "Registry", "Staff", "Intake", "Retention",
]
let collectorModules = collectorRooms.map { Target.Dependency(stringLiteral: "Collector\($0)") }

func collectorTargets() -> [Target] {
    let shared: [Target.Dependency] = ["Domain", "Platform", "Wire"]
    return collectorRooms.enumerated().map { index, name in
        room(
            "Collector\(name)", path: "Sources/Collector/\(name)",
            on: shared + collectorModules[..<index])
    } + [
        room(
            "Collector", path: "Sources/Collector/Commands", on: shared + collectorModules,
            resources: [.embedInCode("front.conf")])
    ]
}

/// The fuzz targets (`make fuzz`) are a program of their own, built only when CHOT_FUZZ is set: it needs libFuzzer
/// in every module. Otherwise their inputs are replayed among the unit tests.
let fuzzes = Context.environment["CHOT_FUZZ"] != nil

func fuzzTargets() -> [Target] {
    let rooms: [Target.Dependency] =
        ["Domain", "Platform", "Wire", "Agent", "Collector"] + collectorModules
    guard fuzzes else {
        return [
            .testTarget(
                name: "FuzzTests", dependencies: rooms, path: "Tests/Fuzz",
                exclude: ["Runner", "corpus"], swiftSettings: strict)
        ]
    }
    return [
        .executableTarget(
            name: "chot-fuzz", dependencies: rooms, path: "Tests/Fuzz",
            exclude: ["Replay", "corpus"], swiftSettings: strict)
    ]
}

let package = Package(
    name: "chot",
    products: [
        .executable(name: "chot-agent", targets: ["chot-agent"]),
        .executable(name: "chot-collector", targets: ["chot-collector"]),
        .executable(name: "chot-fleet", targets: ["chot-fleet"]),
    ],
    dependencies: [],
    targets: [
        // C libraries of Debian 12
        .systemLibrary(
            name: "CSQLite", path: "Sources/Shared/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CCrypto", path: "Sources/Shared/CCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CMicroHTTPD", path: "Sources/Shared/CMicroHTTPD",
            pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(
            name: "CCurl", path: "Sources/Shared/CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CXML2", path: "Sources/Shared/CXML2", pkgConfig: "libxml-2.0",
            providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(
            name: "CZip", path: "Sources/Shared/CZip", pkgConfig: "libzip",
            providers: [.apt(["libzip-dev"])]),

        .systemLibrary(name: "CLinux", path: "Sources/Shared/CLinux"),

        // What both programs share: Wire → Domain and Platform, which import nothing of ours
        room("Domain", path: "Sources/Shared/Domain"),
        room(
            "Platform", path: "Sources/Shared/Platform",
            on: ["CSQLite", "CCrypto", "CMicroHTTPD", "CCurl", "CXML2", "CZip", "CLinux"]),
        room("Wire", path: "Sources/Shared/Wire", on: ["Domain", "Platform"]),

        // The two programs: never each other
        room(
            "Agent", path: "Sources/Agent", on: ["Domain", "Platform", "Wire"],
            exclude: ["Main"],
            resources: [
                .embedInCode("Sensing/chot-gateway.js"), .embedInCode("Features/birth_codes.csv"),
            ]),
        program("chot-agent", path: "Sources/Agent/Main", on: "Agent"),
        program("chot-collector", path: "Sources/Collector/Main", on: "Collector"),

        // Measures from inside, for Benchmarks/bench.py
        .executableTarget(
            name: "soap-bench", dependencies: ["Agent"], path: "Benchmarks/SoapBench",
            swiftSettings: strict),

        // A simulated nation: load, and what users plan by
        room(
            "Fleet", path: "Benchmarks/Fleet", on: ["Domain", "Platform", "Wire"],
            exclude: ["Main"]),
        program("chot-fleet", path: "Benchmarks/Fleet/Main", on: "Fleet"),

        // What both simulations begin with
        room("Seeds", path: "Tests/Seeds", on: ["Platform"]),
        tests("Domain", on: ["Domain"]),
        tests("Platform", on: ["Platform"]),
        tests("Wire", on: ["Wire"]),
        tests("Agent", on: ["Agent", "Seeds"]),
        tests("Collector", on: ["Collector", "Seeds"] + collectorModules),
        // What one program writes and the other reads
        tests(
            "Border", on: ["Agent", "Collector", "Domain", "Platform", "Wire"] + collectorModules),
        tests("Fleet", on: ["Fleet", "Domain", "Platform", "Wire"]),
        tests("Tidy", on: []),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Agent", "Domain", "Platform", "Seeds", "Wire"],
            path: "Tests/Simulation", swiftSettings: strict),
        .testTarget(
            name: "CollectorSimulationTests",
            dependencies: ["Collector", "Domain", "Platform", "Seeds", "Wire"] + collectorModules,
            path: "Tests/CollectorSimulation", swiftSettings: strict),
    ] + collectorTargets() + fuzzTargets()
)
