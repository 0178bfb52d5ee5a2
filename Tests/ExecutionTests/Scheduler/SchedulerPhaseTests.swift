import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: what a phase may begin after")
struct SchedulerPhaseTests {
    /// `a` and `b` in the first phase, `c` and `d` in the second; the first has 150 ms.
    private func scene(_ change: (inout PlanBuilder) -> Void = { _ in }) throws -> Scene {
        try Scene(jobs: 4) {
            $0.options.barriers = true
            $0.workflow.execution.phaseTimeout = Milliseconds(100)
            $0.step("a")
            $0.step("b")
            $0.step("c", after: ["a"])
            $0.step("d", after: ["b"])
            change(&$0)
        }
    }

    // MARK: - After a phase that took too long

    /// What `error_propagation` makes of a phase in which `b` hung and `a` went well.
    private static let timeouts:
        [(name: String, change: @Sendable (inout PlanBuilder) -> Void, did: [String])] = [
            (
                "halt", { _ in },
                [
                    "b failed timed out phase 150", "d skipped needs b", "c skipped halted by b",
                    "finish failed",
                ]
            ),
            (
                "not critical", { $0.workflow.steps[1].isCritical = false },
                [
                    "b failed timed out phase 150", "d skipped needs b",
                    "c skipped timed out phase 150", "finish failed",
                ]
            ),
            (
                "allowed", { $0.workflow.steps[1].allowsFailure = true },
                [
                    "b failed timed out phase 150 allowed", "c skipped timed out phase 150",
                    "d skipped timed out phase 150", "finish failed",
                ]
            ),
            (
                "continue_and_log",
                { $0.workflow.execution.errorPropagation = .continueAndLog },
                [
                    "b failed timed out phase 150", "c skipped timed out phase 150",
                    "d skipped timed out phase 150", "finish failed",
                ]
            ),
            (
                "review, and nobody to ask",
                { $0.workflow.execution.errorPropagation = .collaborativeReview },
                [
                    "b failed timed out phase 150", "b review wanted",
                    "c skipped awaits review of b", "d skipped awaits review of b",
                    "finish review",
                ]
            ),
            (
                "retries and backups come too late",
                {
                    $0.workflow.steps[1].recovery.retries = 3
                    $0.workflow.steps[1].recovery.backups = [
                        BackupMethod(command: .arguments(["x"]))
                    ]
                },
                [
                    "b failed timed out phase 150", "d skipped needs b", "c skipped halted by b",
                    "finish failed",
                ]
            ),
        ]

    @Test("after a phase that took too long none follows", arguments: timeouts.indices)
    func timeout(number: Int) throws {
        let (_, change, did) = Self.timeouts[number]
        var scene = try scene { change(&$0) }
        scene.exit("a", at: 10)
        scene.pass(to: 150)
        _ = scene.did()
        scene.exit("b", at: 160)
        #expect(scene.did() == did)
    }

    @Test("a person who is asked about it can go on with other tasks, not with the next phase")
    func timeoutAsked() throws {
        for decision in [ReviewDecision.skip, .proceed] {
            var scene = try scene {
                $0.workflow.execution.errorPropagation = .collaborativeReview
                $0.options.canAsk = true
                $0.workflow.tasks = [WorkflowTask(id: "1"), WorkflowTask(id: "2")]
                $0.step("x", after: ["b"]) { $0.task = 1 }
            }
            scene.exit("a", at: 10)
            scene.pass(to: 150)
            scene.exit("b", at: 160)
            _ = scene.did()
            scene.send(.decided(step: 1, decision), at: 170)
            let did = scene.did()
            #expect(did.contains("c skipped timed out phase 150"))
            #expect(did.contains("d skipped timed out phase 150"))
            #expect(did.last == "launch x 3" + (decision == .skip ? "" : " failed b"))
        }
    }

    // MARK: - What has to be seen first

    /// How `a` is checked, how that fails, and what it fails of.
    private static let checks:
        [(
            name: String, change: @Sendable (inout Step) -> Void,
            plays: @Sendable (inout Scene, Bool) -> Void, reason: String
        )] = [
            (
                "outputs", { $0.outputFiles = [FilePattern("o")] },
                { scene, isWell in
                    let found = Verification(missing: isWell ? [] : ["o"])
                    scene.send(.verified(step: 0, found), at: 30)
                }, "missing [\"o\"]"
            ),
            (
                "pattern", { $0.gating.successPattern = "done" },
                { scene, isWell in
                    scene.send(.verified(step: 0, Verification(hasSucceeded: isWell)), at: 30)
                }, "no success pattern done"
            ),
            (
                "verify", { $0.gating.verify = "check" },
                { scene, isWell in scene.exit("a", isWell ? 0 : 4, at: 30) },
                "verify failed exited(4)"
            ),
        ]

    @Test(
        "neither a dependent nor the next phase starts before a step is verified",
        arguments: checks.indices, [false, true])
    func verified(number: Int, hasBarriers: Bool) throws {
        let (_, change, plays, reason) = Self.checks[number]
        for isWell in [true, false] {
            var builder = PlanBuilder(jobs: 4)
            builder.options.barriers = hasBarriers
            builder.step("a") {
                change(&$0)
                $0.isCritical = false
            }
            builder.step("b")
            builder.step("c", after: ["a"])
            builder.step("d", after: ["b"])
            var scene = Scene(try builder.plan())
            scene.verifiesAtOnce = false
            scene.send(.begin, at: 0)
            scene.exit("a", at: 10)
            let starts = { (lines: [String]) in
                lines.filter { $0.hasPrefix("launch c ") || $0.hasPrefix("launch d ") }
                    .map { String($0.prefix(8)) }
            }
            #expect(starts(scene.did()) == [])
            scene.exit("b", at: 20)
            // Without barriers `d` needs nothing but `b`.
            #expect(starts(scene.did()) == (hasBarriers ? [] : ["launch d"]))
            plays(&scene, isWell)
            let did = scene.did()
            #expect(did.contains(isWell ? "a complete" : "a failed \(reason)"))
            #expect(
                starts(did) == (isWell ? ["launch c"] : []) + (hasBarriers ? ["launch d"] : []))
        }
    }
}
