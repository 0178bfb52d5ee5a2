import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: barriers between phases")
struct SchedulerBarrierTests {
    /// Two chains of two steps, the first of which is quick.
    private func scene(
        jobs: Int = 4, _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: jobs) { plan in
            plan.options.barriers = true
            plan.step("a1")
            plan.step("b1")
            plan.step("a2", after: ["a1"])
            plan.step("b2", after: ["b1"])
            change(&plan)
        }
    }

    @Test("a phase begins when every step of the one before has ended, and that is on record")
    func barrier() throws {
        var scene = try scene()
        scene.exit("a1", at: 10)
        #expect(scene.did() == ["launch a1 1", "launch b1 2", "a1 complete"])
        scene.exit("b1", at: 20)
        #expect(scene.did() == ["b1 complete", "barrier 0 1", "launch a2 3", "launch b2 4"])
        scene.exit("a2", at: 30)
        scene.exit("b2", at: 30)
        #expect(scene.did() == ["a2 complete", "b2 complete", "finish complete"])
    }

    @Test("without barriers nothing of that happens")
    func none() throws {
        var scene = try scene { $0.options.barriers = false }
        scene.exit("a1", at: 10)
        #expect(scene.did() == ["launch a1 1", "launch b1 2", "a1 complete", "launch a2 3"])
    }

    @Test("the setting does what the option does, one by one too")
    func setting() throws {
        var scene = try scene(jobs: 1) {
            $0.options.barriers = false
            $0.workflow.execution.barriers = true
        }
        for id in ["a1", "b1", "a2", "b2"] { scene.exit(id, at: 1) }
        #expect(scene.did().contains("barrier 0 1"))
    }

    @Test("a failure, a skip and a step left out count as ended")
    func endsOfAllKinds() throws {
        var scene = try scene {
            for step in 0..<4 { $0.workflow.steps[step].isCritical = false }
            $0.step("c1")
            $0.step("c2", after: ["c1"])
            $0.options.skip = [StepID("c1")]
        }
        scene.exit("a1", 1, at: 10)
        scene.exit("b1", at: 20)
        #expect(
            scene.did() == [
                "c1 skipped not selected", "launch a1 1", "launch b1 2", "a1 failed exited 1",
                "a2 skipped needs a1", "b1 complete", "barrier 0 1", "launch b2 3", "launch c2 4",
            ])
    }

    @Test("phases whose steps have all ended before their turn are passed over")
    func emptyPhases() throws {
        var scene = try scene {
            $0.step("c3", after: ["a2"])
            $0.step("c4", after: ["c3"])
            $0.options.skip = [StepID("a2"), StepID("b2"), StepID("c3")]
        }
        scene.exit("a1", at: 1)
        scene.exit("b1", at: 2)
        scene.exit("c4", at: 3)
        #expect(
            scene.did().suffix(4) == [
                "barrier 0 1", "launch c4 3", "c4 complete", "finish complete",
            ])
    }

    @Test("each task has barriers of its own, and tasks that need each other do not lock up")
    func tasks() throws {
        var builder = PlanBuilder(jobs: 4)
        builder.workflow.tasks = [WorkflowTask(id: "1"), WorkflowTask(id: "2")]
        builder.options.barriers = true
        // Each task's first phase holds a step that needs the other task's second phase.
        builder.step("a1")
        builder.step("b1") { $0.task = 1 }
        builder.step("a2", after: ["a1"])
        builder.step("b2", after: ["b1"]) { $0.task = 1 }
        builder.step("x", after: ["b2"])
        builder.step("y", after: ["a2"]) { $0.task = 1 }
        let plan = try builder.plan()
        #expect(plan.phases == [1, 1, 2, 2, 3, 3])
        var scene = Scene(plan)
        scene.send(.begin, at: 0)
        for id in ["a1", "a2", "b1", "b2", "x", "y"] { scene.exit(id, at: 5) }
        #expect(scene.did().last == "finish complete")
    }

    // MARK: - The limit of a phase

    private func slowScene(_ change: (inout PlanBuilder) -> Void = { _ in }) throws -> Scene {
        try scene {
            $0.workflow.execution.phaseTimeout = Milliseconds(100)
            for step in 0..<4 { $0.workflow.steps[step].grace = Milliseconds(40) }
            change(&$0)
        }
    }

    @Test("at one and a half times its limit a phase is over: what hangs fails, and halts the run")
    func phaseLimit() throws {
        var scene = try slowScene()
        scene.exit("a1", at: 10)
        scene.pass(to: 150)
        #expect(
            scene.didAt() == [
                "0 launch a1 1", "0 launch b1 2", "10 a1 complete", "150 limit phase 150",
                "150 signal b1 15",
            ])
        scene.exit("b1", at: 160)
        #expect(
            scene.did() == [
                "b1 failed timed out phase 150", "b2 skipped needs b1", "a2 skipped halted by b1",
                "finish failed",
            ])
    }

    @Test("after a phase that hung the next one does not begin, critical or not")
    func phaseLimitGoesOn() throws {
        var scene = try slowScene { $0.workflow.steps[1].isCritical = false }
        scene.exit("a1", at: 10)
        scene.pass(to: 150)
        scene.exit("b1", at: 160)
        #expect(
            scene.did().suffix(4) == [
                "b1 failed timed out phase 150", "b2 skipped needs b1",
                "a2 skipped timed out phase 150", "finish failed",
            ])
    }

    @Test("each phase has its own time, from the launch of its first step")
    func phaseLimitBegins() throws {
        var scene = try slowScene()
        scene.exit("a1", at: 149)
        scene.exit("b1", at: 149)
        scene.pass(to: 298)
        scene.exit("a2", at: 298)
        _ = scene.did()
        scene.pass(to: 299)
        #expect(scene.didAt() == ["299 limit phase 150", "299 signal b2 15"])
    }

    @Test(
        "a step that found no slot in the time of its phase never starts, and counts as a failure")
    func phaseLimitOfWaiting() throws {
        var builder = PlanBuilder(jobs: 1)
        builder.options.barriers = true
        builder.workflow.execution.phaseTimeout = Milliseconds(100)
        builder.step("a1") { $0.isCritical = false }
        builder.step("b1") { $0.isCritical = false }
        builder.step("c2", after: ["b1"])
        builder.step("d1") { $0.isCritical = false }
        builder.step("d2", after: ["d1"])
        builder.options.skip = [StepID("d1")]
        var scene = Scene(try builder.plan())
        scene.send(.begin, at: 0)
        scene.pass(to: 150)
        scene.exit("a1", at: 151)
        #expect(
            scene.did() == [
                "d1 skipped not selected", "launch a1 1", "limit phase 150", "signal a1 15",
                "b1 skipped timed out phase 150", "c2 skipped needs b1",
                "a1 failed timed out phase 150", "d2 skipped timed out phase 150", "finish failed",
            ])
    }

    @Test("a step on its way when its phase is over is stopped as soon as it runs")
    func phaseLimitWhileLaunching() throws {
        var builder = PlanBuilder(jobs: 2)
        builder.options.barriers = true
        builder.workflow.execution.phaseTimeout = Milliseconds(100)
        builder.step("a") { $0.isCritical = false }
        builder.step("b") { $0.isCritical = false }
        builder.step("c", after: ["a"])
        var scene = Scene(try builder.plan())
        scene.startsAtOnce = false
        scene.send(.begin, at: 0)
        scene.pass(to: 150)
        scene.send(.started(step: 0, pid: 1, startTicks: 1), at: 160)
        scene.send(.launchDeferred(step: 1, message: "EAGAIN"), at: 161)
        scene.exit("a", at: 162)
        #expect(
            scene.didAt() == [
                "0 launch a 1", "0 launch b 2", "150 limit phase 150", "160 signal a 15",
                "161 b failed timed out phase 150", "162 a failed timed out phase 150",
                "162 c skipped needs a", "162 finish failed",
            ])
    }

    @Test("without barriers a phase has no limit, and the plan says so")
    func phaseLimitWithoutBarriers() throws {
        var builder = PlanBuilder()
        builder.workflow.execution.phaseTimeout = Milliseconds(100)
        builder.step("a")
        let plan = try builder.plan()
        #expect(plan.phaseLimit == nil)
        #expect(plan.notes.contains { $0.contains("`phase_timeout` has no effect") })
        builder.options.barriers = true
        #expect(try builder.plan().phaseLimit == Milliseconds(150))
        #expect(try builder.plan().notes.isEmpty)
    }
}
