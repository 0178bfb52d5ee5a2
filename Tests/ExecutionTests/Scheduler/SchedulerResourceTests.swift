import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: resources and locks")
struct SchedulerResourceTests {
    /// Steps that take so many units of `db`, longest first.
    private func scene(
        capacity: Int, jobs: Int = 4, _ steps: [(id: String, units: Int)]
    ) throws -> Scene {
        var builder = PlanBuilder(jobs: jobs)
        builder.workflow.resources = [ResourceDeclaration("db", capacity: capacity)]
        for (number, step) in steps.enumerated() {
            builder.step(step.id, ms: Int64(100 - number)) {
                if step.units > 0 { $0.resources = [ResourceUse("db", units: step.units)] }
            }
        }
        return Scene(try builder.plan())
    }

    @Test("locks are taken before the launch and given back after the end")
    func order() throws {
        var scene = try scene(capacity: 1, [("a", 1)])
        scene.send(.begin, at: 0)
        scene.exit("a", at: 1)
        #expect(
            scene.didInFull() == [
                "acquire a", "record launched a 1", "launch a 1", "record started a", "a complete",
                "release a", "record run ended complete", "finish complete",
            ])
    }

    @Test("units are counted within the run, and nobody asks for a lock in vain")
    func counted() throws {
        var scene = try scene(capacity: 2, [("a", 1), ("b", 1), ("c", 1), ("free", 0)])
        scene.send(.begin, at: 0)
        #expect(
            scene.did() == [
                "acquire a", "acquire b", "waiting c db 0", "launch free 1", "launch a 2",
                "launch b 3",
            ])
        scene.exit("b", at: 1)
        #expect(scene.did() == ["b complete", "release b", "acquire c", "launch c 4"])
    }

    @Test("a step that needs many units is not starved by those behind it")
    func reserved() throws {
        var scene = try scene(capacity: 3, [("a", 2), ("big", 3), ("c", 1), ("free", 0)])
        scene.send(.begin, at: 0)
        #expect(
            scene.did() == [
                "acquire a", "waiting big db 0", "waiting c db 0", "launch free 1", "launch a 2",
            ])
        scene.exit("a", at: 1)
        #expect(scene.did() == ["a complete", "release a", "acquire big", "launch big 3"])
        scene.exit("big", at: 2)
        #expect(scene.did() == ["big complete", "release big", "acquire c", "launch c 4"])
    }

    @Test("a resource that another run holds is tried again, later each time")
    func busy() throws {
        var scene = try scene(capacity: 1, jobs: 1, [("a", 1), ("free", 0)])
        scene.heldElsewhere = ["db": 42]
        scene.send(.begin, at: 0)
        scene.pass(to: 1000)
        #expect(
            scene.didAt() == [
                "0 acquire a", "0 waiting a db 42", "0 launch free 1",
            ])
        // The slot is taken: nothing to try with.
        scene.exit("free", at: 1000)
        scene.pass(to: 1500)
        #expect(
            scene.didAt() == [
                "1000 free complete", "1000 acquire a", "1050 acquire a", "1150 acquire a",
                "1350 acquire a",
            ])
        scene.heldElsewhere = ["db": 43]
        scene.pass(to: 1650)
        #expect(scene.didAt() == ["1600 acquire a", "1600 waiting a db 43"])
        scene.heldElsewhere = [:]
        scene.pass(to: 1850)
        #expect(scene.didAt() == ["1850 acquire a", "1850 launch a 2"])
    }

    @Test("a step of this run that gives the resource back lets it be tried at once")
    func ownRelease() throws {
        // b finds the other unit held elsewhere while a has the first.
        var builder = PlanBuilder(jobs: 2)
        builder.workflow.resources = [ResourceDeclaration("db", capacity: 2)]
        builder.step("a", ms: 9) { $0.resources = [ResourceUse("db")] }
        builder.step("c", ms: 8)
        builder.step("b", after: ["c"], ms: 1) { $0.resources = [ResourceUse("db")] }
        var scene = Scene(try builder.plan())
        scene.send(.begin, at: 0)
        scene.heldElsewhere = ["db": 42]
        scene.exit("c", at: 1)
        _ = scene.did()
        scene.heldElsewhere = [:]
        scene.exit("a", at: 3)
        #expect(scene.didAt().contains("3 acquire b"))
    }

    @Test("a stop while locks are being taken gives them back and starts nothing")
    func stopWhileAcquiring() throws {
        var scheduler = Scheduler(
            plan: try {
                var builder = PlanBuilder()
                builder.step("a") { $0.resources = [ResourceUse("db")] }
                return try builder.plan()
            }())
        var actions: [SchedulerAction] = []
        scheduler.handle(.begin, at: .zero, into: &actions)
        scheduler.handle(.signal(2), at: .zero, into: &actions)
        scheduler.handle(.locksAcquired(step: 0), at: .zero, into: &actions)
        #expect(
            actions == [
                .acquireLocks(step: 0), .record(.stopping(signal: 2)), .releaseLocks(step: 0),
                .record(.skipped(step: 0, .interrupted(2))), .record(.runEnded(.aborted)),
                .finish(.aborted),
            ])
    }
}
