import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: failures")
struct SchedulerFailureTests {
    /// `a` beside `b`; `c` after `a`, `d` after `c`; `e` after `b`.
    private func scene(_ change: (inout PlanBuilder) -> Void = { _ in }) throws -> Scene {
        try Scene {
            $0.step("a")
            $0.step("b")
            $0.step("c", after: ["a"])
            $0.step("d", after: ["c"])
            $0.step("e", after: ["b"])
            change(&$0)
        }
    }

    @Test("a critical failure stops what runs and starts nothing more")
    func pessimistic() throws {
        var scene = try scene()
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        #expect(
            scene.did() == [
                "a failed exited 7", "c skipped needs a", "d skipped needs a", "signal b 15",
            ])
        scene.exit("b", 0, at: 2)
        #expect(
            scene.did() == ["b aborted halted by a", "e skipped halted by a", "finish failed"])
    }

    @Test("a halt is on record when it begins, before what runs has ended")
    func haltOnRecord() throws {
        var scene = try scene()
        _ = scene.didInFull()
        scene.exit("a", 7, at: 1)
        #expect(
            scene.didInFull() == [
                "a failed exited 7", "c skipped needs a", "d skipped needs a", "record halting a",
                "record terminating b 15 halted by a", "signal b 15",
            ])
    }

    @Test("an optimistic halt lets what runs end as it does")
    func optimistic() throws {
        var scene = try scene { $0.workflow.execution.failureStrategy = .optimistic }
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        #expect(
            scene.did() == ["a failed exited 7", "c skipped needs a", "d skipped needs a"])
        scene.exit("b", 1, at: 2)
        #expect(scene.did() == ["b failed exited 1", "e skipped needs b", "finish failed"])
    }

    @Test("a failure that is not critical skips what depends on it; so does every one under -k")
    func notCritical() throws {
        for keepGoing in [false, true] {
            var scene = try scene {
                $0.options.keepGoing = keepGoing
                if !keepGoing { $0.workflow.steps[0].isCritical = false }
            }
            _ = scene.did()
            scene.exit("a", 7, at: 1)
            scene.exit("b", at: 2)
            scene.exit("e", at: 3)
            #expect(
                scene.did() == [
                    "a failed exited 7", "c skipped needs a", "d skipped needs a", "b complete",
                    "launch e 3", "e complete", "finish failed",
                ])
        }
    }

    /// `a`, `b`, `c` and `d` one after another, of which `b` is not critical; `x` depends on `b`.
    private func chain(_ change: (inout PlanBuilder) -> Void = { _ in }) throws -> Scene {
        try Scene {
            $0.step("a")
            $0.next("b") { $0.isCritical = false }
            $0.next("c")
            $0.next("d")
            $0.step("x", after: ["b"])
            change(&$0)
        }
    }

    @Test("what only comes after a failed step runs, what depends on it does not")
    func orderOnly() throws {
        var scene = try chain()
        scene.exit("a", at: 1)
        _ = scene.did()
        scene.exit("b", 7, at: 2)
        #expect(
            scene.did() == [
                "b failed exited 7", "x skipped needs b", "warning c runs although `b` failed",
                "launch c 3 failed b",
            ])
        scene.exit("c", at: 3)
        scene.exit("d", at: 4)
        #expect(
            scene.did() == ["c complete", "launch d 4", "d complete", "finish failed"])
    }

    @Test("what comes after a failed step waits for all else that it needs")
    func orderOnlyWaits() throws {
        var scene = try Scene {
            $0.step("other")
            $0.step("b") { $0.isCritical = false }
            $0.next("c") { $0.dependencies.append(Dependency(StepID("other"))) }
        }
        _ = scene.did()
        scene.exit("b", 7, at: 1)
        #expect(scene.did() == ["b failed exited 7"])
        scene.exit("other", at: 2)
        #expect(
            scene.did() == [
                "other complete", "warning c runs although `b` failed", "launch c 3 failed b",
            ])
    }

    @Test("what comes after a failed step is skipped when something else that it needs fails")
    func orderOnlySkipped() throws {
        var scene = try Scene {
            $0.step("other") { $0.isCritical = false }
            $0.step("b") { $0.isCritical = false }
            $0.next("c") { $0.dependencies.append(Dependency(StepID("other"))) }
        }
        _ = scene.did()
        scene.exit("other", 7, at: 1)
        scene.exit("b", 7, at: 2)
        #expect(
            scene.did() == [
                "other failed exited 7", "c skipped needs other", "b failed exited 7",
                "finish failed",
            ])
    }

    @Test("under -k the next step runs after a critical failure too, and without it none does")
    func orderOnlyCritical() throws {
        for keepGoing in [false, true] {
            var scene = try chain {
                $0.options.keepGoing = keepGoing
                $0.workflow.steps[1].isCritical = true
            }
            scene.exit("a", at: 1)
            _ = scene.did()
            scene.exit("b", 7, at: 2)
            let did = scene.did()
            #expect(did.prefix(2) == ["b failed exited 7", "x skipped needs b"])
            #expect(did.contains("launch c 3 failed b") == keepGoing, "\(did)")
            #expect(did.contains("finish failed") != keepGoing, "\(did)")
        }
    }

    @Test("an allowed failure neither counts nor keeps anything from running")
    func allowed() throws {
        var scene = try scene { $0.workflow.steps[0].allowsFailure = true }
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        for (time, id) in ["b", "c", "e", "d"].enumerated() { scene.exit(id, at: Int64(2 + time)) }
        let did = scene.did()
        #expect(did.first == "a failed exited 7 allowed")
        #expect(did.last == "finish complete")
        #expect(did.count { $0.hasSuffix(" complete") } == 5)
    }

    @Test("a signal that nobody here sent is a failure")
    func signalled() throws {
        var scene = try Scene { $0.step("a") }
        scene.die("a", of: 11, at: 1)
        #expect(scene.did().suffix(2) == ["a failed signalled 11", "finish failed"])
    }

    @Test("a step that cannot be started has failed, and gives its locks back")
    func notStarted() throws {
        var builder = PlanBuilder()
        builder.step("a") { $0.resources = [ResourceUse("db")] }
        builder.step("b", after: ["a"])
        var scene = Scene(try builder.plan())
        scene.startsAtOnce = false
        scene.send(.begin, at: 0)
        scene.send(.notStarted(step: 0, message: "no such program"), at: 0)
        #expect(
            scene.did() == [
                "acquire a", "launch a 1", "a failed not started: no such program", "release a",
                "b skipped needs a", "finish failed",
            ])
    }

    @Test("a launch put off waits for an end while something runs, with one fewer at once")
    func deferredBesideOthers() throws {
        var builder = PlanBuilder(jobs: 3)
        for id in ["a", "b", "c", "d"] { builder.step(id) }
        var scene = Scene(try builder.plan())
        scene.startsAtOnce = false
        scene.send(.begin, at: 0)
        scene.send(.started(step: 0, pid: 1, startTicks: 1), at: 0)
        scene.send(.started(step: 1, pid: 2, startTicks: 1), at: 0)
        scene.send(.launchDeferred(step: 2, message: "EAGAIN"), at: 0)
        #expect(
            scene.did() == [
                "launch a 1", "launch b 2", "launch c 3",
                "warning c not everything could be started at once (EAGAIN); going on with less",
            ])
        #expect(scene.scheduler.nextDeadline == nil)
        scene.exit("a", at: 500)
        // The same execution, and its launch is on record already.
        #expect(scene.didInFull() == ["a complete", "launch c 3"])
        scene.send(.started(step: 2, pid: 3, startTicks: 1), at: 500)
        #expect(scene.scheduler.activeCount == 2)
    }

    @Test("a launch put off while nothing runs is tried again after 5, 10, 20 … ms, 50 times")
    func deferredAlone() throws {
        var builder = PlanBuilder(jobs: 1)
        builder.step("a")
        var scene = Scene(try builder.plan())
        scene.startsAtOnce = false
        scene.send(.begin, at: 0)
        var times: [Int64] = []
        var time: Int64 = 0
        while !scene.scheduler.isFinished, times.count < 100 {
            scene.send(.launchDeferred(step: 0, message: "EAGAIN"), at: time)
            guard let deadline = scene.scheduler.nextDeadline else { break }
            time = deadline.milliseconds
            times.append(time)
            scene.pass(to: time)
        }
        #expect(times.prefix(4) == [5, 15, 35, 75])
        #expect(times.count == 50)
        // Once at the first, and once when it has lasted for more than half a second.
        let did = scene.didInFull()
        let warnings = did.filter { $0.hasPrefix("warning") }
        #expect(
            warnings == [
                "warning a not everything could be started at once (EAGAIN); going on with less",
                "warning a nothing can be started (EAGAIN); this is tried again for up to 50 seconds",
            ])
        #expect(times.firstIndex { $0 > 600 } == 6)
        #expect(did.contains { $0.hasSuffix("a failed not started: EAGAIN") }, "\(did.suffix(4))")
        #expect(did.last == "finish failed")
    }

    @Test("a launch put off when a stop begins ends as aborted")
    func deferredThenStopped() throws {
        var builder = PlanBuilder(jobs: 1)
        builder.step("a")
        var scene = Scene(try builder.plan())
        scene.startsAtOnce = false
        scene.send(.begin, at: 0)
        scene.send(.launchDeferred(step: 0, message: "EAGAIN"), at: 0)
        scene.send(.signal(15), at: 1)
        #expect(scene.did().suffix(2) == ["a aborted interrupted 15", "finish aborted"])
    }
}
