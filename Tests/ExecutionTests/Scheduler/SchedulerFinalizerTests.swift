import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: finalizers")
struct SchedulerFinalizerTests {
    /// `a` beside `b`, `c` after both; `y` always, after `a`; `z` always, after `y`.
    private func scene(
        jobs: Int = 2, _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: jobs) {
            $0.workflow.execution.runTimeout = Milliseconds(1000)
            $0.step("a") { $0.grace = Milliseconds(100) }
            $0.step("b") { $0.grace = Milliseconds(100) }
            $0.step("y", after: ["a"]) { $0.gating.always = true }
            $0.step("z", after: ["y"]) { $0.gating.always = true }
            $0.step("c", after: ["a", "b"])
            change(&$0)
        }
    }

    // MARK: - When

    private static let ends:
        [(name: String, does: @Sendable (inout Scene) -> Void, launch: String, status: String)] = [
            (
                "success",
                {
                    for (time, id) in ["a", "b", "c"].enumerated() {
                        $0.exit(id, at: Int64(time))
                    }
                }, "launch y 4", "complete"
            ),
            (
                "a halt",
                {
                    $0.exit("a", 1, at: 1)
                    $0.die("b", of: 15, at: 2)
                }, "launch y 3 failed a", "failed"
            ),
            (
                "a signal",
                {
                    $0.send(.signal(2), at: 1)
                    $0.exit("a", at: 2)
                    $0.die("b", of: 2, at: 3)
                }, "launch y 3 failed a", "aborted"
            ),
            (
                "two signals",
                {
                    $0.send(.signal(2), at: 1)
                    $0.send(.signal(2), at: 2)
                    $0.exit("a", at: 3)
                    $0.die("b", of: 15, at: 4)
                }, "launch y 3 failed a", "aborted"
            ),
            (
                "the run's limit",
                {
                    $0.exit("a", at: 1)
                    $0.pass(to: 1000)
                    $0.die("b", of: 15, at: 1001)
                }, "launch y 3", "failed"
            ),
        ]

    @Test("they run at the end, whatever that is, and each once", arguments: ends.indices)
    func atTheEnd(number: Int) throws {
        let (_, does, launch, status) = Self.ends[number]
        var scene = try scene()
        does(&scene)
        let did = scene.did()
        #expect(did.suffix(2) == ["finalizing", launch])
        #expect(!did.dropLast().contains { $0.hasPrefix("launch y") || $0.hasPrefix("launch z") })
        let time: Int64 = number == 4 ? 1002 : 10
        scene.exit("y", at: time)
        scene.exit("z", at: time)
        let execution = launch.hasPrefix("launch y 4") ? 5 : 4
        #expect(
            scene.did() == [
                "y complete", "launch z \(execution)", "z complete", "finish \(status)",
            ])
    }

    @Test("none runs after a third signal")
    func thirdSignal() throws {
        var scene = try scene()
        for time in 1...3 { scene.send(.signal(2), at: Int64(time)) }
        scene.die("a", of: 9, at: 4)
        scene.die("b", of: 9, at: 4)
        #expect(
            scene.did().suffix(6) == [
                "a aborted interrupted 2", "b aborted interrupted 2", "c skipped interrupted 2",
                "y skipped interrupted 2", "z skipped interrupted 2", "finish aborted",
            ])
    }

    @Test("a step that was silent for too long is followed by them like any failure")
    func idle() throws {
        var scene = try scene { $0.workflow.steps[0].idleTimeout = Milliseconds(50) }
        scene.outputs["a"] = 0
        scene.pass(to: 50)
        scene.die("a", of: 15, at: 60)
        scene.die("b", of: 15, at: 61)
        #expect(scene.did().suffix(2) == ["finalizing", "launch y 3 failed a"])
    }

    @Test("what waited to start when the run was stopped starts no more beside them")
    func waitersAreForgotten() throws {
        // One waits for a slot, one for a resource, one for a conflicting step.
        for signal in [nil, Int32(15)] {
            var scene = try Scene(jobs: 2) {
                $0.workflow.resources = [ResourceDeclaration("db")]
                $0.step("a") { $0.resources = [ResourceUse("db")] }
                $0.step("b") { $0.resources = [ResourceUse("db")] }
                $0.step("c")
                $0.step("d")
                $0.step("e")
                $0.conflict(0, 3)
                $0.step("z") {
                    $0.gating.always = true
                    $0.resources = [ResourceUse("db")]
                }
            }
            if let signal { scene.send(.signal(signal), at: 1) } else { scene.exit("c", 1, at: 1) }
            scene.die("a", of: 15, at: 2)
            scene.die("c", of: 15, at: 2)
            let did = scene.did()
            #expect(did.filter { $0.contains("skipped") }.count == 3)
            #expect(did.suffix(3) == ["finalizing", "acquire z", "launch z 3"])
            scene.exit("z", at: 3)
            #expect(
                scene.did() == [
                    "z complete", "release z", "finish \(signal == nil ? "failed" : "aborted")",
                ])
        }
    }

    @Test("they wait for steps that rest, that are asked about and whose condition is open")
    func waitsForAll() throws {
        var scene = try Scene(jobs: 4) {
            $0.workflow.execution.errorPropagation = .collaborativeReview
            $0.options.canAsk = true
            $0.step("a")
            $0.step("b") {
                $0.isCritical = false
                $0.recovery.retries = 1
            }
            $0.step("c") { $0.gating.condition = "true" }
            $0.step("z") { $0.gating.always = true }
        }
        scene.exit("a", 1, at: 1)
        scene.exit("b", 1, at: 2)
        #expect(!scene.did().contains("finalizing"))
        scene.send(.decided(step: 0, .skip), at: 3)
        scene.pass(to: 5000)
        scene.exit("b", at: 5001)
        #expect(!scene.did().contains("finalizing"))
        scene.send(.conditionEvaluated(step: 2, .fails(values: "no")), at: 5002)
        #expect(scene.did() == ["c skipped condition false: no", "finalizing", "launch z 4"])
    }

    // MARK: - Among themselves

    @Test("they start by their own edges, under the same limit, and one that fails holds up none")
    func amongThemselves() throws {
        var scene = try Scene(jobs: 2) {
            $0.step("a")
            for id in ["u", "v", "w"] { $0.step(id) { $0.gating.always = true } }
            $0.step("x", after: ["u", "a"]) { $0.gating.always = true }
        }
        scene.exit("a", at: 1)
        #expect(
            scene.did() == ["launch a 1", "a complete", "finalizing", "launch u 2", "launch v 3"])
        scene.exit("u", 3, at: 2)
        scene.exit("v", at: 3)
        scene.exit("w", at: 4)
        scene.exit("x", at: 5)
        #expect(
            scene.did() == [
                "u failed exited 3", "launch w 4", "v complete", "launch x 5 failed u",
                "w complete", "x complete", "finish failed",
            ])
    }

    @Test("one that fails makes the run fail, halts nothing and is asked about by nobody")
    func failing() throws {
        for propagation in ErrorPropagation.allCases {
            var scene = try scene {
                $0.workflow.execution.errorPropagation = propagation
                $0.workflow.execution.failureThreshold = 1
                $0.options.canAsk = true
            }
            for (time, id) in ["a", "b", "c"].enumerated() { scene.exit(id, at: Int64(time)) }
            _ = scene.did()
            scene.exit("y", 1, at: 10)
            scene.exit("z", at: 11)
            #expect(
                scene.did() == [
                    "y failed exited 1", "launch z 5 failed y", "z complete", "finish failed",
                ])
        }
    }

    @Test("one that is allowed to fail leaves the run as it is")
    func allowed() throws {
        var scene = try scene { $0.workflow.steps[2].allowsFailure = true }
        for id in ["a", "b", "c", "y", "z"] { scene.exit(id, id == "y" ? 1 : 0, at: 1) }
        #expect(
            scene.did().suffix(4) == [
                "y failed exited 1 allowed", "launch z 5", "z complete", "finish complete",
            ])
    }

    @Test("retries, backups, conditions and checks are theirs as well")
    func features() throws {
        var scene = try scene {
            $0.workflow.steps[2].recovery.backups = [BackupMethod(command: .arguments(["x"]))]
            $0.workflow.steps[2].gating.verify = "check"
            $0.workflow.steps[3].gating.condition = "false"
        }
        scene.conditions["z"] = .fails(values: "false")
        for id in ["a", "b", "c"] { scene.exit(id, at: 1) }
        _ = scene.did()
        scene.exit("y", 1, at: 2)
        scene.exit("y", at: 3)
        scene.exit("y", at: 4)
        #expect(
            scene.did() == [
                "y attempt failed exited 1", "y retry 2 backup[1] in 0",
                "launch y 5 attempt 2 backup[1]", "launch check y 5", "y complete", "evaluate z",
                "z skipped condition false: false", "finish complete",
            ])
    }

    // MARK: - Their time

    @Test("the first signal that comes while they run stops them, and starts no further one")
    func signalMeanwhile() throws {
        for before in [0, 1, 2] {
            var scene = try scene()
            for time in 0..<before { scene.send(.signal(2), at: Int64(time)) }
            scene.exit("a", at: 10)
            scene.exit("b", at: 10)
            if before == 0 { scene.exit("c", at: 10) }
            _ = scene.did()
            scene.send(.signal(2), at: 11)
            #expect(scene.did() == ["signal y 2"])
            scene.die("y", of: 2, at: 12)
            #expect(
                scene.did() == [
                    "y aborted interrupted 2", "z skipped interrupted 2", "finish aborted",
                ])
        }
    }

    @Test("after a stop one without a limit has five minutes, one with a limit has its own")
    func hurried() throws {
        for own in [nil, Milliseconds(400_000)] {
            for isSignal in [true, false] {
                var scene = try scene { $0.workflow.steps[2].timeout = own }
                if isSignal { scene.send(.signal(15), at: 1) } else { scene.pass(to: 1000) }
                scene.exit("a", at: 1010)
                scene.exit("b", at: 1010)
                _ = scene.did()
                let limit = 1010 + (own?.value ?? 300_000)
                scene.pass(to: limit - 1)
                #expect(scene.did() == [])
                scene.pass(to: limit)
                #expect(scene.did() == ["signal y 15"])
                scene.die("y", of: 15, at: limit + 1)
                #expect(scene.did().first == "y failed timed out attempt \(limit - 1010)")
            }
        }
    }

    @Test("the run's limit that comes while a halt stops what runs bounds their time as well")
    func limitWhileHalting() throws {
        var scene = try scene { $0.workflow.execution.grace = Milliseconds(5000) }
        scene.exit("a", 1, at: 999)
        scene.exit("b", at: 1001)
        _ = scene.did()
        scene.pass(to: 301_000)
        #expect(scene.did() == [])
        scene.pass(to: 301_001)
        #expect(scene.did() == ["signal y 15"])
    }

    @Test("the run's limit stops none, but from then on each has five minutes, its check included")
    func limitMeanwhile() throws {
        var scene = try scene { $0.workflow.steps[2].gating.verify = "check" }
        for id in ["a", "b", "c"] { scene.exit(id, at: 500) }
        _ = scene.did()
        scene.pass(to: 1000)
        #expect(scene.did() == ["limit run 1000"])
        scene.exit("y", at: 1500)
        #expect(scene.did() == ["launch check y 4"])
        scene.pass(to: 300_999)
        #expect(scene.did() == [])
        scene.pass(to: 301_000)
        #expect(scene.did() == ["signal y 15"])
    }

    @Test("the limit comes while a check is being put off: its time is bounded too")
    func limitWhileChecking() throws {
        var scene = try scene { $0.workflow.steps[2].gating.verify = "check" }
        for id in ["a", "b", "c"] { scene.exit(id, at: 500) }
        scene.startsAtOnce = false
        scene.exit("y", at: 999)
        scene.send(.launchDeferred(step: 2, message: "EAGAIN"), at: 999)
        scene.pass(to: 1001)
        _ = scene.did()
        scene.startsAtOnce = true
        scene.pass(to: 301_000)
        #expect(scene.did() == ["launch check y 4", "signal y 15"])
    }

    // MARK: - Selection and barriers

    /// What is asked for, and which finalizers run.
    private static let selections:
        [(name: String, change: @Sendable (inout RunOptions) -> Void, run: [String])] = [
            ("all", { _ in }, ["y", "z"]), ("target b", { $0.targets = [StepID("b")] }, []),
            ("target a", { $0.targets = [StepID("a")] }, ["y", "z"]),
            ("only b", { $0.only = [StepID("b")] }, []),
            ("only z b", { $0.only = [StepID("z"), StepID("b")] }, ["z"]),
            ("skip y", { $0.skip = [StepID("y")] }, ["z"]),
            ("skip a", { $0.skip = [StepID("a")] }, ["y", "z"]),
        ]

    @Test("they are selected with what they depend on", arguments: selections.indices)
    func selected(number: Int) throws {
        let (_, change, run) = Self.selections[number]
        var scene = try scene { change(&$0.options) }
        for id in ["a", "b", "c", "y", "z"] { scene.exit(id, at: 1) }
        let launched = scene.did().filter { $0.hasPrefix("launch") }.map {
            String($0.split(separator: " ")[1])
        }
        #expect(launched.filter { $0 == "y" || $0 == "z" } == run)
        #expect(scene.scheduler.isFinished)
    }

    @Test("a left out finalizer passes on what it is given: the next waits for what is before it")
    func leftOutBetween() throws {
        var scene = try Scene(jobs: 4) {
            $0.step("a")
            $0.step("x") { $0.gating.always = true }
            $0.step("y", after: ["x"]) { $0.gating.always = true }
            $0.step("z", after: ["y"]) { $0.gating.always = true }
            $0.options.skip = [StepID("y")]
        }
        scene.exit("a", at: 1)
        #expect(scene.did().suffix(2) == ["finalizing", "launch x 2"])
        scene.exit("x", 1, at: 2)
        #expect(scene.did() == ["x failed exited 1", "launch z 3 failed x"])
    }

    @Test("they belong to no phase: no barrier waits for them, and no phase's limit ends them")
    func barriers() throws {
        var scene = try scene {
            $0.options.barriers = true
            $0.workflow.execution.runTimeout = nil
            $0.workflow.execution.phaseTimeout = Milliseconds(100)
        }
        for id in ["a", "b", "c"] { scene.exit(id, at: 1) }
        #expect(
            scene.did().suffix(6) == [
                "b complete", "barrier 0 1", "launch c 3", "c complete", "finalizing",
                "launch y 4",
            ])
        scene.pass(to: 1_000_000)
        #expect(!scene.did().contains { $0.hasPrefix("limit") })
    }

    @Test("after a phase that took too long they run as after any failure")
    func overduePhase() throws {
        var scene = try scene {
            $0.options.barriers = true
            $0.workflow.execution.errorPropagation = .continueAndLog
            $0.workflow.execution.phaseTimeout = Milliseconds(100)
        }
        scene.pass(to: 150)
        scene.die("a", of: 15, at: 151)
        scene.die("b", of: 15, at: 151)
        #expect(
            scene.did().suffix(3) == [
                "c skipped timed out phase 150", "finalizing", "launch y 3 failed a",
            ])
    }
}
