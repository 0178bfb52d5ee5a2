import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: conditions")
struct SchedulerConditionTests {
    /// `b` has a condition and needs `a`; `c` after `b`.
    private func scene(
        _ outcome: ConditionOutcome?, _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        var builder = PlanBuilder()
        builder.step("a")
        builder.step("b", after: ["a"]) { $0.gating.condition = "steps.a.n < 1" }
        builder.step("c", after: ["b"])
        change(&builder)
        var scene = Scene(try builder.plan())
        scene.conditions["b"] = outcome
        scene.send(.begin, at: 0)
        return scene
    }

    @Test("a condition is asked for when all that the step needs is settled, and not before")
    func asked() throws {
        var scene = try scene(nil)
        #expect(scene.did() == ["launch a 1"])
        scene.exit("a", at: 1)
        #expect(scene.did() == ["a complete", "evaluate b"])
        #expect(scene.scheduler.activeCount == 0)
        scene.pass(to: 10_000)
        #expect(!scene.scheduler.isFinished)
        scene.send(.conditionEvaluated(step: 1, .holds), at: 10_001)
        #expect(scene.did() == ["launch b 2"])
    }

    /// What it comes to, and what follows.
    private static let outcomes: [(outcome: ConditionOutcome, did: [String])] = [
        (
            .holds,
            ["launch b 2", "b complete", "launch c 3", "c complete", "finish complete"]
        ),
        (
            .fails(values: "steps.a.n = 2"),
            [
                "b skipped condition false: steps.a.n = 2", "launch c 2", "c complete",
                "finish complete",
            ]
        ),
        (
            .error("no n"),
            ["b failed condition error: no n", "c skipped needs b", "finish failed"]
        ),
    ]

    @Test("what a condition comes to, and what follows", arguments: outcomes.indices)
    func outcome(number: Int) throws {
        let (outcome, did) = Self.outcomes[number]
        var scene = try scene(outcome)
        _ = scene.did()
        for (time, id) in ["a", "b", "c"].enumerated() { scene.exit(id, at: Int64(time + 1)) }
        #expect(scene.did() == ["a complete", "evaluate b"] + did)
    }

    @Test(
        "one at a time, a step whose condition is being evaluated keeps its turn",
        arguments: [true, false])
    func turn(holds: Bool) throws {
        var scene = try scene(nil) { builder in
            builder.options.jobs = 1
            builder.step("d", after: ["a"])
            builder.step("e")
        }
        _ = scene.did()
        scene.exit("a", at: 1)
        #expect(scene.did() == ["a complete", "evaluate b"])
        scene.send(.conditionEvaluated(step: 1, holds ? .holds : .fails(values: "v")), at: 2)
        #expect(scene.did().last == (holds ? "launch b 2" : "launch c 2"))
    }

    @Test(
        "with several slots, one is kept for each step before it whose condition is not known yet")
    func kept() throws {
        var builder = PlanBuilder(jobs: 2)
        for id in ["a", "b"] {
            builder.step(id, ms: 100) { $0.gating.condition = "1 < 2" }
        }
        builder.step("c", ms: 10)
        var scene = Scene(try builder.plan())
        scene.send(.begin, at: 0)
        #expect(scene.did() == ["evaluate a", "evaluate b"])
        scene.send(.conditionEvaluated(step: 0, .fails(values: "v")), at: 1)
        #expect(scene.did().last == "launch c 1")
        scene.send(.conditionEvaluated(step: 1, .holds), at: 2)
        #expect(scene.did() == ["launch b 2"])
    }

    @Test("the reason names the expression")
    func expression() throws {
        var builder = PlanBuilder()
        builder.step("a") { $0.gating.condition = "1 < 0" }
        let plan = try builder.plan()
        for (outcome, reason) in [
            (ConditionOutcome.fails(values: "v"), StepReason.conditionFalse("1 < 0", values: "v")),
            (.error("e"), .conditionError("1 < 0", message: "e")),
        ] {
            var scheduler = Scheduler(plan: plan)
            var actions: [SchedulerAction] = []
            scheduler.handle(.begin, at: .zero, into: &actions)
            scheduler.handle(
                .conditionEvaluated(step: 0, outcome), at: .zero, into: &actions)
            #expect(
                actions.contains { action in
                    switch action {
                    case .record(.skipped(0, let said)): said == reason
                    case .record(.ended(0, let end)): end.reason == reason
                    default: false
                    }
                })
        }
    }

    /// A failed condition under each setting.
    private static let errors:
        [(name: String, change: @Sendable (inout PlanBuilder) -> Void, did: [String])] = [
            (
                "retries and backups mend nothing",
                {
                    $0.workflow.steps[1].recovery.retries = 3
                    $0.workflow.steps[1].recovery.backups = [
                        BackupMethod(command: .arguments(["x"]))
                    ]
                }, ["b failed condition error: e", "c skipped needs b", "finish failed"]
            ),
            (
                "allowed", { $0.workflow.steps[1].allowsFailure = true },
                ["b failed condition error: e allowed", "launch c 2"]
            ),
            (
                "not critical", { $0.workflow.steps[1].isCritical = false },
                ["b failed condition error: e", "c skipped needs b", "finish failed"]
            ),
            (
                "continue", { $0.workflow.execution.errorPropagation = .continueAndLog },
                [
                    "b failed condition error: e", "warning c runs although `b` failed",
                    "launch c 2 failed b",
                ]
            ),
            (
                "review", { $0.workflow.execution.errorPropagation = .collaborativeReview },
                [
                    "b failed condition error: e", "b review wanted",
                    "c skipped awaits review of b", "finish review",
                ]
            ),
            (
                "threshold", { $0.workflow.execution.failureThreshold = 1 },
                [
                    "b failed condition error: e", "threshold b 1", "c skipped needs b",
                    "finish failed",
                ]
            ),
        ]

    @Test("a condition that cannot be told is a failure like any", arguments: errors.indices)
    func error(number: Int) throws {
        let (_, change, did) = Self.errors[number]
        var scene = try scene(.error("e")) { change(&$0) }
        _ = scene.did()
        scene.exit("a", at: 1)
        #expect(scene.did() == ["a complete", "evaluate b"] + did)
    }

    @Test("it is asked for once, however often the step is tried")
    func once() throws {
        var scene = try scene(.holds) {
            $0.workflow.steps[1].recovery.retries = 2
            $0.workflow.execution.errorPropagation = .collaborativeReview
            $0.options.canAsk = true
        }
        scene.exit("a", at: 1)
        for time in 1...3 { scene.exit("b", 1, at: Int64(time) * 10_000) }
        scene.send(.decided(step: 1, .retry), at: 50_000)
        let did = scene.did()
        #expect(did.count { $0.hasPrefix("evaluate") } == 1)
        #expect(did.last == "launch b 5 attempt 4")
    }

    @Test("one that needs a failed step is asked for where the failure is gone on after, only")
    func afterFailure() throws {
        for propagation in [ErrorPropagation.haltOnCritical, .continueAndLog] {
            var scene = try scene(.holds) {
                $0.workflow.execution.errorPropagation = propagation
            }
            scene.exit("a", 1, at: 1)
            #expect(
                scene.did().contains("evaluate b") == (propagation == .continueAndLog))
        }
    }

    @Test("what it waits for is held by no slot: others start meanwhile")
    func holdsNothing() throws {
        var scene = try Scene(jobs: 2) {
            $0.step("a") {
                $0.gating.condition = "x"
                $0.isParallelSafe = false
            }
            $0.step("b")
        }
        #expect(scene.did() == ["evaluate a", "launch b 1"])
        scene.send(.conditionEvaluated(step: 0, .holds), at: 1)
        #expect(scene.did() == [])
        scene.exit("b", at: 2)
        #expect(scene.did() == ["b complete", "launch a 2"])
    }

    private static let stops:
        [(name: String, does: @Sendable (inout Scene) -> Void, reason: String)] = [
            ("a signal", { $0.send(.signal(15), at: 20) }, "interrupted 15"),
            ("the run's limit", { $0.pass(to: 100) }, "timed out run 100"),
            ("a halt", { $0.exit("x", 1, at: 20) }, "halted by x"),
        ]

    @Test("a stop while it is asked for skips the step; a late answer is none", arguments: 0..<3)
    func stopped(number: Int) throws {
        let (_, does, reason) = Self.stops[number]
        var scene = try scene(nil) {
            $0.workflow.execution.runTimeout = Milliseconds(100)
            $0.step("x")
        }
        scene.exit("a", at: 1)
        _ = scene.did()
        does(&scene)
        scene.send(.conditionEvaluated(step: 1, .holds), at: 101)
        scene.exit("x", at: 102)
        let did = scene.did()
        #expect(did.contains("b skipped \(reason)"))
        #expect(did.contains("c skipped \(reason)"))
        #expect(!did.contains { $0.hasPrefix("launch") })
        #expect(scene.scheduler.isFinished)
    }

    @Test("with barriers it is asked for when its phase begins")
    func barriers() throws {
        var scene = try scene(.holds) {
            $0.options.barriers = true
            $0.step("x")
        }
        scene.exit("a", at: 1)
        #expect(scene.did() == ["launch a 1", "launch x 2", "a complete"])
        scene.exit("x", at: 2)
        #expect(scene.did() == ["x complete", "barrier 0 1", "evaluate b", "launch b 3"])
    }

    @Test("a phase goes on without a step whose condition is false")
    func barrierPasses() throws {
        var scene = try scene(.fails(values: "v")) { $0.options.barriers = true }
        scene.exit("a", at: 1)
        #expect(
            scene.did().dropFirst() == [
                "a complete", "barrier 0 1", "evaluate b", "b skipped condition false: v",
                "barrier 0 2", "launch c 2",
            ])
    }

    @Test("a phase that takes too long drops a step whose condition is still open")
    func overduePhase() throws {
        var scene = try scene(nil) {
            $0.options.barriers = true
            $0.workflow.execution.phaseTimeout = Milliseconds(100)
            $0.step("x", after: ["a"]) { $0.isCritical = false }
        }
        scene.exit("a", at: 1)
        scene.pass(to: 151)
        #expect(
            scene.did().suffix(4) == [
                "limit phase 150", "signal x 15", "b skipped timed out phase 150",
                "c skipped needs b",
            ])
        scene.send(.conditionEvaluated(step: 1, .holds), at: 152)
        #expect(scene.did() == [])
    }
}
