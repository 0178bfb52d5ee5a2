import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: failures in a row")
struct SchedulerThresholdTests {
    /// `a` to `f` beside each other, none of them critical; `z` after `a`.
    private func scene(
        threshold: Int? = 3, mode: String? = nil, jobs: Int = 6,
        _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: jobs) { builder in
            builder.workflow.execution.failureThreshold = threshold
            builder.workflow.execution.defaultMode = mode
            for id in ["a", "b", "c", "d", "e", "f"] { builder.step(id) { $0.isCritical = false } }
            builder.step("z", after: ["a"])
            change(&builder)
        }
    }

    @Test("as many as the threshold halt the run, critical or not; what never starts is told so")
    func halts() throws {
        for strategy in FailureStrategy.allCases {
            var scene = try scene(jobs: 4) { $0.workflow.execution.failureStrategy = strategy }
            _ = scene.did()
            scene.exit("c", 1, at: 1)
            scene.exit("d", 1, at: 2)
            _ = scene.did()
            scene.exit("b", 1, at: 3)
            let isOptimistic = strategy == .optimistic
            // `e` and `f` have taken the places of `c` and `d`.
            #expect(
                scene.did() == ["b failed exited 1", "threshold b 3"]
                    + (isOptimistic ? [] : ["signal a 15", "signal e 15", "signal f 15"]))
            for id in ["a", "e", "f"] { scene.exit(id, at: 4) }
            let end = isOptimistic ? "complete" : "aborted 3 in a row"
            #expect(
                scene.did() == [
                    "a \(end)", "e \(end)", "f \(end)", "z skipped 3 in a row", "finish failed",
                ])
        }
    }

    /// Ends in their order: 0 success, 1 failure, 2 failure that is allowed.
    private static let orders: [(ends: [Int], reached: Int?)] = [
        ([1, 1, 1], 2), ([1, 1, 0, 1, 1], nil), ([1, 1, 0, 1, 1, 1], 5), ([1, 2, 1, 1], 3),
        ([2, 2, 2, 2, 2, 2], nil), ([0, 1, 1, 1], 3), ([1, 0, 1, 0, 1, 0], nil),
        ([2, 1, 2, 1, 2, 1], 5),
    ]

    @Test(
        "failures count in the order of ends; a success resets, an allowed one changes nothing",
        arguments: orders.indices)
    func counted(number: Int) throws {
        let (ends, reached) = Self.orders[number]
        let ids = ["f", "b", "d", "a", "e", "c"]
        var scene = try scene {
            for (end, id) in zip(ends, ids) where end == 2 {
                let index = ["a", "b", "c", "d", "e", "f"].firstIndex(of: id) ?? 0
                $0.workflow.steps[index].allowsFailure = true
            }
        }
        for (time, (end, id)) in zip(ends, ids).enumerated() {
            scene.exit(id, end == 0 ? 0 : 1, at: Int64(time + 1))
        }
        let said = scene.didAt().filter { $0.contains("threshold") }
        #expect(said == (reached.map { ["\($0 + 1) threshold \(ids[$0]) 3"] } ?? []))
    }

    @Test("attempts that are followed by others count for nothing")
    func attempts() throws {
        var scene = try scene(threshold: 2) {
            $0.workflow.steps[0].recovery.backups = (0..<3).map { _ in
                BackupMethod(command: .arguments(["x"]))
            }
        }
        for time in 1...3 { scene.exit("a", 1, at: Int64(time)) }
        #expect(!scene.did().contains { $0.hasPrefix("threshold") })
        scene.exit("a", 1, at: 4)
        scene.exit("b", 1, at: 5)
        #expect(scene.did().contains("threshold b 2"))
    }

    @Test("a step that fails fast behind an open breaker counts")
    func failsFast() throws {
        var scene = try Scene(jobs: 1) { builder in
            builder.workflow.execution.failureThreshold = 3
            builder.workflow.execution.breaker = BreakerSettings()
            builder.workflow.execution.breaker?.failures = 1
            builder.workflow.execution.breaker?.whenOpen = .fail
            builder.workflow.resources = [ResourceDeclaration("db")]
            for id in ["a", "b", "c", "d", "e"] {
                builder.step(id) {
                    $0.isCritical = false
                    $0.resources = [ResourceUse("db")]
                }
            }
        }
        scene.exit("a", 1, at: 1)
        #expect(
            scene.did().suffix(8) == [
                "a failed exited 1", "release a", "b failed breaker of db open",
                "c failed breaker of db open", "threshold c 3", "d skipped 3 in a row",
                "e skipped 3 in a row", "finish failed",
            ])
    }

    @Test("an allowed failure stays one where the step fails fast")
    func failsFastAllowed() throws {
        var scene = try Scene(jobs: 1) { builder in
            builder.workflow.execution.breaker = BreakerSettings()
            builder.workflow.execution.breaker?.failures = 1
            builder.workflow.execution.breaker?.whenOpen = .fail
            builder.workflow.resources = [ResourceDeclaration("db")]
            for id in ["a", "b"] {
                builder.step(id) {
                    $0.allowsFailure = true
                    $0.resources = [ResourceUse("db")]
                }
            }
            builder.step("c", after: ["b"])
        }
        scene.exit("a", 1, at: 1)
        scene.exit("c", at: 2)
        #expect(
            scene.did().suffix(4) == [
                "b failed breaker of db open allowed", "launch c 2", "c complete",
                "finish complete",
            ])
    }

    @Test("-k counts none, and neither does a run without a threshold")
    func notCounted() throws {
        for keepsGoing in [false, true] {
            var scene = try scene(threshold: keepsGoing ? 2 : nil) {
                $0.options.keepGoing = keepsGoing
            }
            for id in ["a", "b", "c", "d", "e", "f"] { scene.exit(id, 1, at: 1) }
            let did = scene.did()
            #expect(!did.contains { $0.hasPrefix("threshold") })
            #expect(did.last == "finish failed")
        }
    }

    // MARK: - Modes

    @Test("dynamic is silent until the threshold, and collaborative from then on")
    func dynamic() throws {
        var scene = try scene(threshold: nil, mode: "dynamic") {
            $0.options.canAsk = true
            $0.workflow.steps[3].isCritical = true
        }
        #expect(scene.did().first == "mode dynamic")
        scene.exit("a", 1, at: 1)
        scene.exit("b", 1, at: 2)
        #expect(
            scene.did() == ["a failed exited 1", "z skipped needs a", "b failed exited 1"])
        scene.exit("c", 1, at: 3)
        #expect(
            scene.did() == [
                "c attempt failed exited 1", "threshold c 3", "mode collaborative",
                "c review wanted", "ask c retry,skip,continue,halt",
            ])
        scene.send(.decided(step: 2, .skip), at: 4)
        // From now on critical failures are asked about, and the others are not.
        scene.exit("e", 1, at: 5)
        scene.exit("d", 1, at: 6)
        #expect(
            scene.did() == [
                "c decided skip", "c skipped decided skip", "e failed exited 1",
                "d attempt failed exited 1", "d review wanted", "ask d retry,skip,continue,halt",
            ])
    }

    @Test("dynamic without anybody to ask ends for review at the threshold")
    func dynamicUnasked() throws {
        var scene = try scene(threshold: 2, mode: "dynamic")
        scene.exit("a", 1, at: 1)
        _ = scene.did()
        scene.exit("b", 1, at: 2)
        #expect(
            scene.did() == [
                "b failed exited 1", "threshold b 2", "mode collaborative", "b review wanted",
            ])
        for id in ["c", "d", "e", "f"] { scene.exit(id, at: 3) }
        #expect(scene.did().last == "finish review")
    }

    @Test("before its threshold dynamic halts at a critical failure, as silent does")
    func dynamicHalts() throws {
        for mode in ["dynamic", "silent"] {
            var scene = try scene(mode: mode) {
                $0.options.canAsk = true
                $0.workflow.steps[0].isCritical = true
            }
            scene.exit("a", 1, at: 1)
            let did = scene.didInFull()
            #expect(did.contains("record halting a"))
            #expect(!did.contains { $0.hasPrefix("ask") })
        }
    }

    /// `default_mode`, `error_propagation`: what is said at the beginning, and what a critical
    /// failure leads to where somebody can be asked.
    private static let modes: [(mode: String?, propagation: ErrorPropagation?, result: String)] = [
        (nil, nil, "halts"), (nil, .haltOnCritical, "halts"), (nil, .continueAndLog, "goes on"),
        (nil, .collaborativeReview, "mode collaborative asks"), ("silent", nil, "halts"),
        ("silent", .continueAndLog, "goes on"), ("silent", .collaborativeReview, "ends for review"),
        ("collaborative", nil, "mode collaborative asks"),
        ("collaborative", .haltOnCritical, "halts"),
        ("collaborative", .continueAndLog, "goes on"),
        ("collaborative", .collaborativeReview, "mode collaborative asks"),
        ("education", nil, "mode collaborative asks"), ("dynamic", nil, "mode dynamic halts"),
        ("dynamic", .continueAndLog, "mode dynamic goes on"),
        ("dynamic", .collaborativeReview, "mode dynamic asks"),
    ]

    @Test("the mode and error_propagation together say what happens", arguments: modes.indices)
    func declaredModes(number: Int) throws {
        let (mode, propagation, result) = Self.modes[number]
        var scene = try scene(threshold: nil, mode: mode) {
            $0.options.canAsk = true
            $0.workflow.execution.errorPropagation = propagation
            $0.workflow.steps[0].isCritical = true
        }
        let start = scene.did().filter { $0.hasPrefix("mode") }
        scene.exit("a", 1, at: 1)
        let did = scene.didInFull()
        var found = "goes on"
        if did.contains("record halting a") { found = "halts" }
        if did.contains(where: { $0.hasPrefix("ask a") }) { found = "asks" }
        if did.contains("a failed exited 1"), did.contains("a review wanted") {
            found = "ends for review"
        }
        #expect((start + [found]).joined(separator: " ") == result)
    }
}
