// swift-tools-version: 6.2

import PackageDescription

/// One list for every Swift target, so that no target is checked less than another.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// The same for C.
let strict: [CSetting] = [
    .enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error),
]

/// A library of the house: its target and what it may know of.
func module(_ name: String, knows dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one module.
func tests(of name: String, and dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name), "TestSupport"] + dependencies,
        swiftSettings: settings)
}

/// What decides and knows no system, for the targets that carry it out.
let core: [Target.Dependency] = ["Execution", "WorkflowModel"]

/// What wraps the system.
let system: [Target.Dependency] = ["Processes", "Platform", "SystemCalls"]

/// What tests of the supervisor look at beside it.
let supervised = core + system + ["OutputCache", "StateStore", "FileState"]

/// For packages only (`scripts/package`): an empty table in place of ICU's 30 MB, under the name that
/// the toolchain's table has.
let icuData = Context.environment["STEPVISOR_ICU_DATA"]
let emptyICUData: [Target] =
    icuData.map { symbol in
        [
            .target(
                name: "EmptyICUData", path: "scripts/packaging",
                cSettings: strict + [.define("ICU_DATA", to: symbol)])
        ]
    } ?? []

let package = Package(
    name: "stepvisor",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "stepvisor", targets: ["stepvisor"]),
        .library(name: "DependencyGraph", targets: ["DependencyGraph"]),
    ],
    targets: [
        // Arrows point down only: a module lists what it knows, and the compiler enforces it.
        module("DependencyGraph"),
        module("WorkflowModel", knows: ["DependencyGraph", "RegularExpressions"]),
        module("WorkflowFiles", knows: ["WorkflowModel", "Platform"]),
        module("Execution", knows: ["WorkflowModel", "DependencyGraph", "HashInstructions"]),
        // Apart from the system calls, so that the pure core cannot reach those.
        .target(name: "HashInstructions", cSettings: strict),
        .target(name: "RegularExpressions", cSettings: strict),
        .target(name: "SystemCalls", cSettings: strict),
        module("Platform", knows: ["SystemCalls"]),
        module("Processes", knows: ["Platform", "SystemCalls", "Execution"]),
        module("FileState", knows: core + system),
        module("StateStore", knows: core + system + ["FileState"]),
        module("OutputCache", knows: core + system + ["StateStore", "FileState"]),
        module("Supervisor", knows: core + system + ["OutputCache", "StateStore", "FileState"]),
        module("Reporting", knows: ["Execution", "WorkflowModel", "DependencyGraph"]),
        .executableTarget(
            name: "stepvisor",
            dependencies: [
                "Supervisor", "OutputCache", "StateStore", "FileState", "Processes", "Platform",
                "Reporting", "WorkflowFiles", "Execution", "WorkflowModel", "DependencyGraph",
            ] + emptyICUData.map { .byName(name: $0.name) },
            swiftSettings: settings),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "SupervisorTestSupport",
            dependencies: ["Supervisor", "TestSupport"] + supervised,
            path: "Tests/SupervisorTestSupport",
            swiftSettings: settings),
        tests(of: "DependencyGraph"),
        tests(of: "WorkflowModel", and: ["DependencyGraph"]),
        tests(of: "WorkflowFiles", and: ["WorkflowModel", "Platform", "DependencyGraph"]),
        tests(of: "Execution", and: ["WorkflowModel", "DependencyGraph"]),
        tests(of: "Platform"),
        tests(of: "Processes", and: ["Platform", "Execution", "SystemCalls"]),
        tests(of: "FileState", and: core + system),
        tests(of: "StateStore", and: core + system + ["FileState"]),
        tests(of: "OutputCache", and: core + system + ["StateStore", "FileState"]),
        tests(of: "Supervisor", and: ["SupervisorTestSupport"] + supervised),
        tests(of: "Reporting", and: ["Execution", "WorkflowModel", "DependencyGraph"]),
        tests(of: "stepvisor", and: ["WorkflowFiles", "Reporting", "Supervisor"] + supervised),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "stepvisor", "Supervisor", "WorkflowFiles", "Reporting", "DependencyGraph",
                "TestSupport", "SupervisorTestSupport",
            ] + supervised,
            swiftSettings: settings),
    ] + emptyICUData
)
