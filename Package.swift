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

/// What tests of the supervisor look at beside it.
let supervised: [Target.Dependency] = ["Execution", "WorkflowModel", "SystemCalls"]

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
        module("WorkflowModel", knows: ["DependencyGraph"]),
        module("WorkflowFiles", knows: ["WorkflowModel"]),
        module("Execution", knows: ["WorkflowModel", "DependencyGraph", "HashInstructions"]),
        // Apart from the system calls, so that the pure core cannot reach those.
        .target(name: "HashInstructions", cSettings: strict),
        .target(name: "SystemCalls", cSettings: strict),
        module("Supervisor", knows: ["Execution", "WorkflowModel", "SystemCalls"]),
        module("Reporting", knows: ["Execution", "WorkflowModel", "DependencyGraph"]),
        .executableTarget(
            name: "stepvisor",
            dependencies: [
                "Supervisor", "Reporting", "WorkflowFiles", "Execution", "WorkflowModel",
                "DependencyGraph",
            ],
            swiftSettings: settings),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "SupervisorTestSupport",
            dependencies: ["Supervisor", "TestSupport"] + supervised,
            path: "Tests/SupervisorTestSupport",
            swiftSettings: settings),
        tests(of: "DependencyGraph"),
        tests(of: "WorkflowModel", and: ["DependencyGraph"]),
        tests(of: "WorkflowFiles", and: ["WorkflowModel", "DependencyGraph"]),
        tests(of: "Execution", and: ["WorkflowModel", "DependencyGraph"]),
        tests(of: "Supervisor", and: ["SupervisorTestSupport"] + supervised),
        tests(of: "Reporting", and: ["Execution", "WorkflowModel", "DependencyGraph"]),
        tests(of: "stepvisor", and: ["Execution", "WorkflowModel", "WorkflowFiles", "Reporting"]),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "stepvisor", "Supervisor", "Execution", "WorkflowModel", "WorkflowFiles",
                "Reporting",
                "DependencyGraph", "SystemCalls", "TestSupport", "SupervisorTestSupport",
            ],
            swiftSettings: settings),
    ]
)
