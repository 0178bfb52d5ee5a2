import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: steps that need not run")
struct SchedulerExaminationTests {
    private typealias Plan = (inout SkipPlan) -> Void

    /// A scene of a run that skips; steps are named by their index.
    private func scene(
        jobs: Int = 2, _ smart: (inout SkipPlan) -> Void, _ build: (inout PlanBuilder) -> Void
    ) throws -> Scene {
        var builder = PlanBuilder(jobs: jobs)
        build(&builder)
        var plan = try builder.plan()
        var skipped = SkipPlan(choice: .remembered)
        smart(&skipped)
        plan.adopt(skipped)
        var scene = Scene(plan)
        scene.send(.begin, at: 0)
        return scene
    }

    private func chain(_ builder: inout PlanBuilder) {
        builder.step("a")
        builder.step("b", after: ["a"])
        builder.step("c", after: ["b"])
    }

    private static let missing = [RunReason(.outputMissing, [.init("x")])]
    private static let differs = [RunReason(.dependencyDiffers, [.init("a")])]

    @Test("nothing to do: everything is skipped, and the run is complete")
    func nothing() throws {
        var scene = try scene({ $0.upToDate = [0: "r1", 1: "r2", 2: "r1"] }, chain)
        #expect(
            scene.didInFull() == [
                "a skipped up to date since r1", "c skipped up to date since r1",
                "b skipped up to date since r2", "record run ended complete", "finish complete",
            ])
    }

    @Test("unchanged since a revision, a step says that instead of a run")
    func sinceRevision() throws {
        var scene = try scene(
            {
                $0.choice = .since("main")
                $0.upToDate = [0: ""]
                $0.due = [
                    1: [RunReason(.changedSince, [.init("f", old: "main")])],
                    2: [RunReason(.dependencyRuns, [.init("b")])],
                ]
            }, chain)
        #expect(
            scene.did() == [
                "a skipped unchanged since main", "b due: changed since main: f", "launch b 1",
            ])
    }

    @Test("a step that is due is launched without a look, and says why before")
    func due() throws {
        var scene = try scene(
            { $0.due = [0: Self.missing, 1: [RunReason(.forced)]] },
            {
                $0.step("a")
                $0.step("b")
            })
        #expect(
            scene.didInFull() == [
                "a due: output missing: x", "record launched a 1", "launch a 1",
                "b due: forced", "record launched b 2", "launch b 2", "record started a",
                "record started b",
            ])
    }

    @Test("an open step is looked at once what it needs has ended")
    func open() throws {
        var scene = try scene(
            {
                $0.due = [0: Self.missing]
                $0.open = [1, 2]
            }, chain)
        #expect(scene.did() == ["a due: output missing: x", "launch a 1"])
        scene.exit("a", at: 10)
        #expect(scene.did() == ["a complete", "examine b"])
        scene.send(.examined(step: 1, .due(Self.differs)), at: 20)
        #expect(
            scene.didInFull() == [
                "b due: dependency a produced a different result", "record launched b 2",
                "launch b 2", "record started b",
            ])
        scene.exit("b", at: 30)
        #expect(scene.did() == ["b complete", "examine c"])
        scene.send(.examined(step: 2, .upToDate(run: "r0")), at: 40)
        #expect(
            scene.didInFull() == [
                "c skipped up to date since r0", "record run ended complete", "finish complete",
            ])
    }

    @Test("after a look that finds a step up to date its dependents go on")
    func upToDate() throws {
        var scene = try scene(
            {
                $0.due = [0: Self.missing]
                $0.open = [1, 2]
            }, chain)
        scene.exit("a", at: 10)
        _ = scene.did()
        scene.send(.examined(step: 1, .upToDate(run: "r0")), at: 20)
        #expect(scene.did() == ["b skipped up to date since r0", "examine c"])
    }

    @Test("what was put in place counts as cached, and its dependents go on")
    func restored() throws {
        var scene = try scene(
            {
                $0.usesCache = true
                $0.due = [0: [RunReason(.neverSucceeded)]]
                $0.open = [1, 2]
            }, chain)
        #expect(scene.did() == ["examine a"])
        scene.send(.examined(step: 0, .restored(run: "r7")), at: 5)
        #expect(scene.did() == ["a cached restored from r7", "examine b"])
        scene.send(.examined(step: 1, .restored(run: "r8")), at: 6)
        scene.send(.examined(step: 2, .restored(run: "r8")), at: 7)
        #expect(
            scene.didInFull() == [
                "b cached restored from r8", "examine c", "c cached restored from r8",
                "record run ended complete", "finish complete",
            ])
    }

    @Test("a look that finds nothing kept tells why by what was known before")
    func notKept() throws {
        var scene = try scene(
            {
                $0.usesCache = true
                $0.due = [0: [RunReason(.neverSucceeded)]]
            }, { $0.step("a") })
        scene.send(.examined(step: 0, .due([])), at: 1)
        #expect(scene.did() == ["examine a", "a due: never succeeded", "launch a 1"])
    }

    @Test("a step is looked at with its locks held, and gives them back when it need not run")
    func locks() throws {
        var scene = try scene(
            jobs: 4, { $0.open = [0, 1] },
            {
                for id in ["a", "b"] {
                    $0.step(id, ms: id == "a" ? 2 : 1) { $0.resources = [ResourceUse("db")] }
                }
            })
        #expect(scene.did() == ["acquire a", "waiting b db 0", "examine a"])
        scene.send(.examined(step: 0, .upToDate(run: "r")), at: 10)
        #expect(
            scene.did() == [
                "a skipped up to date since r", "release a", "acquire b", "examine b",
            ])
        scene.send(.examined(step: 1, .due(Self.missing)), at: 20)
        #expect(scene.did() == ["b due: output missing: x", "launch b 1"])
        scene.exit("b", at: 30)
        #expect(scene.did() == ["b complete", "release b", "finish complete"])
    }

    @Test("a look takes a slot")
    func slot() throws {
        var scene = try scene(
            jobs: 1, { $0.open = [0, 1] },
            {
                $0.step("a")
                $0.step("b")
            })
        #expect(scene.did() == ["examine a"])
        scene.send(.examined(step: 0, .upToDate(run: "r")), at: 1)
        #expect(scene.did() == ["a skipped up to date since r", "examine b"])
    }

    @Test("nobody writes what is being looked at: a conflicting step waits, one alone too")
    func conflicts() throws {
        var scene = try scene(
            jobs: 3,
            {
                $0.open = [0]
                $0.due = [1: Self.missing, 2: Self.missing]
            },
            {
                $0.step("a", ms: 9)
                $0.step("b", ms: 8)
                $0.step("alone", ms: 7) { $0.isParallelSafe = false }
                $0.conflict(0, 1)
            })
        #expect(scene.did() == ["examine a"])
        scene.send(.examined(step: 0, .upToDate(run: "r")), at: 1)
        #expect(
            scene.did() == [
                "a skipped up to date since r", "b due: output missing: x", "launch b 1",
            ])
        scene.exit("b", at: 2)
        #expect(scene.did() == ["b complete", "alone due: output missing: x", "launch alone 2"])
    }

    @Test("a stop while a step is looked at keeps it from starting")
    func stop() throws {
        var scene = try scene(
            { $0.open = [0] }, { $0.step("a") { $0.resources = [ResourceUse("db")] } })
        scene.send(.signal(2), at: 1)
        #expect(scene.did() == ["acquire a", "examine a"])
        scene.send(.examined(step: 0, .due(Self.missing)), at: 2)
        #expect(
            scene.did() == ["release a", "a skipped interrupted 2", "finish aborted"])
    }

    @Test("a stop does not undo what a look finds")
    func stopAndUpToDate() throws {
        var scene = try scene({ $0.open = [0] }, { $0.step("a") })
        scene.send(.signal(15), at: 1)
        scene.send(.examined(step: 0, .upToDate(run: "r")), at: 2)
        #expect(scene.did() == ["examine a", "a skipped up to date since r", "finish aborted"])
    }

    @Test("a step whose phase has taken too long while it was looked at does not start")
    func overdue() throws {
        var scene = try scene(
            {
                $0.due = [0: Self.missing]
                $0.open = [1]
            },
            {
                $0.workflow.execution.barriers = true
                $0.workflow.execution.phaseTimeout = Milliseconds(100)
                $0.step("a") { $0.grace = Milliseconds(10) }
                $0.step("b")
            })
        #expect(scene.did() == ["a due: output missing: x", "launch a 1", "examine b"])
        scene.pass(to: 150)
        #expect(scene.did() == ["limit phase 150", "signal a 15"])
        scene.send(.examined(step: 1, .due(Self.missing)), at: 155)
        let done = scene.did()
        #expect(done.contains { $0.hasPrefix("b skipped timed out phase") })
        #expect(!done.contains { $0.hasPrefix("launch b") })
    }

    @Test("a phase of steps that need not run is passed")
    func barriers() throws {
        var scene = try scene(
            {
                $0.upToDate = [0: "r"]
                $0.open = [2]
                $0.due = [1: Self.missing]
            },
            {
                $0.workflow.execution.barriers = true
                chain(&$0)
            })
        #expect(
            scene.did() == [
                "a skipped up to date since r", "barrier 0 1", "b due: output missing: x",
                "launch b 1",
            ])
        scene.exit("b", at: 1)
        #expect(scene.did() == ["b complete", "barrier 0 2", "examine c"])
    }

    @Test("a second attempt is not looked at again, and why it runs is told once")
    func retry() throws {
        var scene = try scene(
            { $0.open = [0] },
            {
                $0.step("a") { $0.recovery.retries = 1 }
            })
        scene.send(.examined(step: 0, .due(Self.missing)), at: 1)
        scene.exit("a", 1, at: 2)
        scene.pass(to: 600_000)
        let done = scene.did()
        #expect(done.count { $0 == "examine a" } == 1)
        #expect(done.count { $0.hasPrefix("a due") } == 1)
        #expect(done.count { $0.hasPrefix("launch a") } == 2)
    }

    @Test("a start that the system puts off is not looked at again")
    func deferred() throws {
        var scene = try scene({ $0.open = [0] }, { $0.step("a") })
        scene.startsAtOnce = false
        scene.send(.examined(step: 0, .due(Self.missing)), at: 1)
        scene.send(.launchDeferred(step: 0, message: "EAGAIN"), at: 2)
        scene.pass(to: 60_000)
        let done = scene.did()
        #expect(done.count { $0 == "examine a" } == 1)
        #expect(done.count { $0.hasPrefix("a due") } == 1)
        #expect(done.count { $0.hasPrefix("launch a") } == 2)
    }

    @Test("an answer that nobody waits for does nothing")
    func stale() throws {
        var scene = try scene({ $0.due = [0: Self.missing] }, { $0.step("a") })
        _ = scene.did()
        for answer: Examination in [.due([]), .upToDate(run: "r"), .restored(run: "r")] {
            scene.send(.examined(step: 0, answer), at: 1)
            scene.send(.examined(step: 77, answer), at: 1)
        }
        #expect(scene.didInFull() == [])
    }

    @Test("a run that skips nothing tells no causes")
    func plain() throws {
        var scene = try Scene { $0.step("a") }
        #expect(
            scene.didInFull() == ["record launched a 1", "launch a 1", "record started a"])
    }
}
