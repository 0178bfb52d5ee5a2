import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: what starts when")
struct SchedulerStartTests {
    @Test("a launch is on record before it is made, and the process after")
    func records() throws {
        var scene = try Scene { $0.step("a") }
        scene.exit("a", at: 5)
        #expect(
            scene.didInFull() == [
                "record launched a 1", "launch a 1", "record started a", "a complete",
                "record run ended complete", "finish complete",
            ])
        #expect(scene.scheduler.isFinished)
        #expect(scene.scheduler.nextDeadline == nil)
    }

    @Test("one slot keeps declaration order as far as the edges allow")
    func sequential() throws {
        var scene = try Scene(jobs: nil) {
            $0.step("a", after: ["c"])
            $0.step("b")
            $0.step("c")
            $0.step("d")
        }
        for (time, id) in ["b", "c", "a", "d"].enumerated() { scene.exit(id, at: Int64(time)) }
        #expect(
            scene.did() == [
                "launch b 1", "b complete", "launch c 2", "c complete", "launch a 3", "a complete",
                "launch d 4", "d complete", "finish complete",
            ])
    }

    @Test("the step with the longest chain behind it starts first, then the first declared")
    func longestFirst() throws {
        var scene = try Scene(jobs: 2) {
            $0.step("short")
            $0.step("other")
            $0.step("long")
            $0.step("after", after: ["long"])
        }
        #expect(scene.did() == ["launch long 1", "launch short 2"])
    }

    @Test("recorded durations rank before hops; an unknown step counts as the median")
    func history() throws {
        var scene = try Scene(jobs: 2) {
            $0.step("chain", ms: 1)
            $0.step("link", after: ["chain"], ms: 1)
            $0.step("slow", ms: 50)
            $0.step("unknown")
        }
        #expect(scene.did() == ["launch slow 1", "launch chain 2"])
        scene = try Scene(jobs: 2) {
            $0.step("a", ms: 10)
            $0.step("b", ms: 30)
            $0.step("c", ms: 50)
            $0.step("unknown")
        }
        // The median is 30, and b was declared first.
        scene.exit("c", at: 1)
        #expect(
            scene.did() == ["launch c 1", "launch b 2", "c complete", "launch unknown 3"])
    }

    @Test("never more than the limit")
    func limit() throws {
        var scene = try Scene(jobs: 3) { builder in
            for id in ["a", "b", "c", "d"] { builder.step(id) }
        }
        #expect(scene.scheduler.activeCount == 3)
        scene.exit("b", at: 1)
        #expect(
            scene.did() == ["launch a 1", "launch b 2", "launch c 3", "b complete", "launch d 4"])
    }

    @Test("a step left out is skipped at once, and what it waits for is waited for still")
    func notSelected() throws {
        var scene = try Scene {
            $0.step("a")
            $0.step("left", after: ["a"])
            $0.step("c", after: ["left"])
            $0.options.skip = [StepID("left")]
        }
        #expect(scene.did() == ["left skipped not selected", "launch a 1"])
        scene.exit("a", at: 1)
        #expect(scene.did() == ["a complete", "launch c 2"])
    }

    @Test("a failure reaches the dependents of a step that was left out")
    func failureThroughLeftOut() throws {
        var scene = try Scene {
            $0.step("a") { $0.isCritical = false }
            $0.step("left", after: ["a"])
            $0.step("c", after: ["left"])
            $0.options.skip = [StepID("left")]
        }
        scene.exit("a", 1, at: 1)
        #expect(
            scene.did().suffix(3) == ["a failed exited 1", "c skipped needs a", "finish failed"])
    }

    @Test("a step that runs alone waits for all others, and holds back those behind it")
    func alone() throws {
        var scene = try Scene(jobs: 3) {
            $0.step("a", ms: 90)
            $0.step("alone", ms: 80) { $0.isParallelSafe = false }
            $0.step("c", ms: 10)
        }
        #expect(scene.did() == ["launch a 1"])
        scene.exit("a", at: 1)
        #expect(scene.did() == ["a complete", "launch alone 2"])
        scene.exit("alone", at: 2)
        #expect(scene.did() == ["alone complete", "launch c 3"])
    }

    @Test("steps that write the same file are kept apart, and others pass by")
    func conflict() throws {
        var scene = try Scene(jobs: 3) {
            $0.step("a")
            $0.step("b")
            $0.step("c")
            $0.conflict(0, 1)
        }
        #expect(scene.did() == ["launch a 1", "launch c 2"])
        scene.exit("c", at: 1)
        #expect(scene.did() == ["c complete"])
        scene.exit("a", at: 2)
        #expect(scene.did() == ["a complete", "launch b 3"])
    }

    @Test("which step holds another back is on record, once for each that does")
    func conditionFalse() throws {
        var scene = try Scene(jobs: 4) {
            $0.step("a", ms: 90)
            $0.step("b", ms: 80)
            $0.step("c", ms: 70)
            $0.step("alone", ms: 60) { $0.isParallelSafe = false }
            $0.step("d", ms: 50)
            $0.conflict(0, 2)
            $0.conflict(1, 2)
        }
        func told() -> [String] {
            scene.didInFull().filter { $0.contains("held back") }
        }
        #expect(
            told() == [
                "record c held back by a: sharedOutput out",
                "record alone held back by a: waiterRunsAlone",
                "record d held back by alone: holderRunsAlone",
            ])
        // Nothing new is to be said while nothing changes.
        scene.send(.tick, at: 1)
        #expect(told() == [])
        scene.exit("a", at: 2)
        #expect(
            told() == [
                "record c held back by b: sharedOutput out",
                "record alone held back by b: waiterRunsAlone",
            ])
        scene.exit("b", at: 3)
        #expect(told() == ["record alone held back by c: waiterRunsAlone"])
        scene.exit("c", at: 4)
        // That these wait for the one that runs alone was recorded when that one was next.
        #expect(told() == [])
        scene.exit("alone", at: 5)
        scene.exit("d", at: 6)
        #expect(scene.scheduler.isFinished)
    }

    @Test("one at a time, no step holds another back")
    func notHeldBack() throws {
        var scene = try Scene(jobs: nil) {
            $0.step("a")
            $0.step("b") { $0.isParallelSafe = false }
            $0.step("c")
            $0.conflict(0, 2)
        }
        for (time, id) in ["a", "b", "c"].enumerated() { scene.exit(id, at: Int64(time)) }
        #expect(!scene.didInFull().contains { $0.contains("held back") })
    }

    @Test("of many steps that write one file each says only some of those that it waits for")
    func heldBackByMany() throws {
        let count = 60
        var scene = try Scene(jobs: 4) { builder in
            for step in 0..<count { builder.step("s\(step)") }
            for a in 0..<count { for b in a + 1..<count { builder.conflict(a, b) } }
        }
        for step in 0..<count { scene.exit("s\(step)", at: Int64(step)) }
        let told = scene.didInFull().filter { $0.contains("held back") }
        #expect(told.count <= count * WaitState.maxOfSameRun)
        #expect(told.contains("record s59 held back by s0: sharedOutput out"))
        #expect(scene.scheduler.isFinished)
    }

    @Test("a task that is not parallel runs its steps one by one, without lock files")
    func sequentialTask() throws {
        var scene = try Scene(jobs: 4) {
            $0.workflow.tasks = [WorkflowTask(id: "1"), WorkflowTask(id: "2")]
            $0.workflow.tasks[0].isParallelEnabled = false
            $0.step("1.1")
            $0.step("1.2")
            $0.step("2.1") { $0.task = 1 }
        }
        #expect(scene.did() == ["launch 1.1 1", "launch 2.1 2"])
        scene.exit("1.1", at: 1)
        #expect(scene.did() == ["1.1 complete", "launch 1.2 3"])
    }

    @Test("more of a resource than there is does not hang the run")
    func impossible() throws {
        var scene = try Scene {
            $0.step("a") { $0.resources = [ResourceUse("db", units: 2)] }
            $0.step("b")
        }
        scene.exit("b", at: 1)
        #expect(
            scene.did() == [
                "launch b 1", "b complete",
                "a skipped it needs more of a resource than there is", "finish failed",
            ])
    }

    @Test("an input that does not fit is ignored")
    func illegal() throws {
        var scene = try Scene {
            $0.step("a")
            $0.step("b", after: ["a"])
        }
        _ = scene.did()
        let inputs: [SchedulerInput] = [
            .begin, .tick, .locksAcquired(step: 0),
            .locksBusy(step: 0, holder: .init(resource: "x")),
            .started(step: 0, pid: 9, startTicks: 9), .notStarted(step: 0, message: ""),
            .launchDeferred(step: 0, message: ""), .groupEmptied(step: 0),
            .leaderExited(step: 1, exit: .exited(0), usage: nil, leftovers: []),
            .leaderExited(step: 99, exit: .exited(0), usage: nil, leftovers: []),
            .leaderExited(step: -1, exit: .exited(0), usage: nil, leftovers: []),
            .started(step: 2, pid: 1, startTicks: 1), .locksAcquired(step: -7),
        ]
        for input in inputs { scene.send(input, at: 1) }
        #expect(scene.didInFull() == [])
        scene.exit("a", at: 2)
        scene.exit("a", at: 2)
        scene.exit("b", at: 3)
        scene.send(.signal(2), at: 4)
        #expect(scene.did() == ["a complete", "launch b 2", "b complete", "finish complete"])
    }

    @Test("what was done earlier is skipped with the run that did it, and its dependents go on")
    func doneEarlier() throws {
        var builder = PlanBuilder(jobs: 2)
        builder.step("a")
        builder.step("b", after: ["a"])
        builder.step("c", after: ["b"])
        builder.step("d", after: ["a"])
        var plan = try builder.plan()
        plan.doneEarlier = [0: DoneEarlier(run: "r1"), 1: DoneEarlier(run: "r0")]
        var scene = Scene(plan)
        scene.send(.begin, at: 0)
        #expect(
            scene.did() == [
                "a skipped done in r1", "b skipped done in r0", "launch c 1", "launch d 2",
            ])
        scene.exit("c", at: 5)
        scene.exit("d", at: 5)
        #expect(scene.did() == ["c complete", "d complete", "finish complete"])
    }
}
