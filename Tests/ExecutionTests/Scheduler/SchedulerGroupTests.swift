import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: groups that fail on their own")
struct SchedulerGroupTests {
    /// `a`, `b` and `c` in group `g`, `d` after `b`, and `o` in none, with `p` after it.
    private func scene(
        _ strategy: FailureStrategy? = .pessimistic, most: Int? = nil, jobs: Int? = 4,
        _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: jobs) {
            var group = ParallelGroup("g")
            group.failureStrategy = strategy
            group.maxParallelSteps = most
            $0.workflow.parallelGroups = [group]
            for id in ["a", "b", "c"] { $0.step(id) { $0.parallelGroup = "g" } }
            $0.step("d", after: ["b"])
            $0.step("o")
            $0.step("p", after: ["o"])
            change(&$0)
        }
    }

    @Test("pessimistic: the group's steps are stopped or never start, and everybody else goes on")
    func pessimistic() throws {
        var scene = try scene(most: 2)
        #expect(scene.did() == ["launch b 1", "launch o 2", "launch a 3"])
        scene.exit("a", 7, at: 1)
        #expect(
            scene.did() == [
                "a failed exited 7", "group halted by a", "c skipped group g halted by a",
                "signal b 15",
            ])
        scene.exit("b", 0, at: 2)
        #expect(scene.did() == ["b aborted group g halted by a", "d skipped needs b"])
        scene.exit("o", at: 3)
        scene.exit("p", at: 4)
        #expect(scene.did() == ["o complete", "launch p 4", "p complete", "finish failed"])
    }

    @Test("optimistic: the group's running steps finish, and what depends on them runs")
    func optimistic() throws {
        var scene = try scene(.optimistic, most: 2)
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        #expect(
            scene.did() == [
                "a failed exited 7", "group halted by a", "c skipped group g halted by a",
            ])
        scene.exit("b", 0, at: 2)
        #expect(scene.did() == ["b complete", "launch d 4"])
        for (time, id) in ["o", "d", "p"].enumerated() { scene.exit(id, at: Int64(3 + time)) }
        #expect(scene.did().last == "finish failed")
    }

    @Test("one at a time a group fails on its own, too")
    func sequential() throws {
        var scene = try scene(jobs: nil)
        scene.exit("a", 7, at: 1)
        #expect(
            scene.did() == [
                "launch a 1", "a failed exited 7", "group halted by a",
                "b skipped group g halted by a", "d skipped needs b",
                "c skipped group g halted by a", "launch o 2",
            ])
    }

    @Test("without a strategy of its own the failure is the run's, and the limit the group's")
    func limitAlone() throws {
        var scene = try scene(nil, most: 1)
        #expect(scene.did() == ["launch b 1", "launch o 2"])
        scene.exit("b", 7, at: 1)
        #expect(scene.did().last == "signal o 15")
    }

    @Test("only a critical failure halts a group: not an allowed one, nor any under -k")
    func notCritical() throws {
        for kind in 0..<3 {
            var scene = try scene {
                $0.workflow.steps[0].isCritical = kind != 0
                $0.workflow.steps[0].allowsFailure = kind == 1
                $0.options.keepGoing = kind == 2
            }
            _ = scene.did()
            scene.exit("a", 7, at: 1)
            #expect(!scene.did().contains("group halted by a"), "\(kind)")
        }
    }

    @Test("the last attempt counts, and a step of a halted group is not tried again")
    func attempts() throws {
        var scene = try scene {
            for step in 0..<2 { $0.workflow.steps[step].recovery.retries = 1 }
            $0.workflow.execution.retry.delay = Milliseconds(10)
        }
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        #expect(!scene.did().contains("group halted by a"))
        // b rests when its group is halted.
        scene.exit("b", 7, at: 20)
        scene.exit("a", 7, at: 21)
        #expect(
            scene.did().suffix(5) == [
                "a failed exited 7", "group halted by a", "b aborted group g halted by a",
                "d skipped needs b", "signal c 15",
            ])
        scene.pass(to: 100)
        #expect(scene.did().isEmpty)
    }

    @Test("what is being decided or taken when the group is halted does not start")
    func onTheirWay() throws {
        var scene = try scene {
            $0.workflow.steps[2].gating.condition = "x"
            $0.workflow.steps[1].resources = [ResourceUse("db")]
        }
        scene.heldElsewhere = ["db": 42]
        #expect(scene.did().contains("evaluate c"))
        scene.exit("a", 7, at: 1)
        scene.send(.conditionEvaluated(step: 2, .holds), at: 2)
        let did = scene.did()
        #expect(did.contains("c skipped group g halted by a"))
        #expect(!did.contains { $0.hasPrefix("launch c") })
    }

    @Test("finalizers are no part of it, and error_propagation says what runs after a failure")
    func finalizers() throws {
        var scene = try scene {
            $0.workflow.execution.errorPropagation = .continueAndLog
            $0.step("last") {
                $0.parallelGroup = "g"
                $0.gating.always = true
            }
        }
        _ = scene.did()
        scene.exit("a", 7, at: 1)
        scene.exit("b", 0, at: 2)
        #expect(scene.did().contains("launch d 5 failed b"))
        scene.exit("c", 0, at: 3)
        for (time, id) in ["o", "d", "p", "last"].enumerated() {
            scene.exit(id, at: Int64(4 + time))
        }
        #expect(scene.did().suffix(2) == ["last complete", "finish failed"])
    }
}
