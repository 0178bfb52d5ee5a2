import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: what cannot be killed, and outputs that are missing")
struct SchedulerAbandonTests {
    private static let warning =
        "warning a cannot be killed: process 1 still there 5s after KILL; what it holds stays taken"

    private func scene(jobs: Int = 2, _ build: (inout PlanBuilder) -> Void) throws -> Scene {
        try Scene(jobs: jobs) { plan in
            plan.step("a") {
                $0.timeout = Milliseconds(100)
                $0.grace = Milliseconds(40)
                $0.isCritical = false
                $0.resources = [ResourceUse("db")]
            }
            build(&plan)
        }
    }

    @Test("5 s after KILL a step is given up, and the run goes on without what it holds")
    func unkillable() throws {
        var scene = try scene { plan in
            plan.step("b") { $0.resources = [ResourceUse("db")] }
            plan.step("c", after: ["b"])
            plan.step("d", after: ["a"])
            plan.step("e") { $0.resources = [ResourceUse("other")] }
        }
        scene.exit("e", at: 1)
        _ = scene.did()
        scene.pass(to: 5139)
        #expect(scene.didAt() == ["100 signal a 15", "140 signal a 9"])
        scene.pass(to: 5140)
        #expect(
            scene.did() == [
                Self.warning, "a failed unkillable [1]", "d skipped needs a", "abandon a",
                "b skipped it cannot run beside `a`, which cannot be killed",
                "c skipped needs b", "finish failed",
            ])
    }

    @Test("its late end changes nothing")
    func lateEnd() throws {
        var scene = try scene { $0.step("b", after: []) { $0.isParallelSafe = true } }
        scene.pass(to: 6000)
        _ = scene.did()
        scene.die("a", of: 9, at: 6001)
        scene.empty("a", at: 6002)
        #expect(scene.did() == [])
        scene.exit("b", at: 6003)
        #expect(scene.did() == ["b complete", "finish failed"])
    }

    @Test("a step that has room beside it starts; one that has not, does not")
    func roomBeside() throws {
        var builder = PlanBuilder(jobs: 1)
        builder.workflow.resources = [ResourceDeclaration("db", capacity: 3)]
        builder.step("a") {
            $0.timeout = Milliseconds(100)
            $0.grace = Milliseconds(40)
            $0.isCritical = false
            $0.resources = [ResourceUse("db", units: 2)]
        }
        builder.step("one") { $0.resources = [ResourceUse("db", units: 1)] }
        builder.step("two") { $0.resources = [ResourceUse("db", units: 2)] }
        builder.step("alone") { $0.isParallelSafe = false }
        builder.step("same")
        builder.step("free")
        builder.conflict(0, 4)
        var scene = Scene(try builder.plan())
        scene.send(.begin, at: 0)
        scene.pass(to: 5140)
        scene.exit("one", at: 5141)
        scene.exit("free", at: 5142)
        let did = scene.did()
        let never = "skipped it cannot run beside `a`, which cannot be killed"
        #expect(did.contains("launch one 2") && did.contains("launch free 3"))
        for id in ["two", "alone", "same"] { #expect(did.contains("\(id) \(never)")) }
        #expect(did.last == "finish failed")
    }

    @Test("a step that ran alone and cannot be killed leaves nothing to start")
    func alone() throws {
        var builder = PlanBuilder(jobs: 2)
        builder.step("a") {
            $0.timeout = Milliseconds(100)
            $0.isParallelSafe = false
            $0.isCritical = false
        }
        builder.step("b")
        var scene = Scene(try builder.plan())
        scene.send(.begin, at: 0)
        scene.pass(to: 60_000)
        #expect(
            scene.did().suffix(2).first
                == "b skipped it cannot run beside `a`, which cannot be killed")
    }

    @Test("a stop of the run ends too, whatever cannot be killed")
    func unkillableAtStop() throws {
        var scene = try scene { $0.step("b", after: ["a"]) }
        for _ in 0..<3 { scene.send(.signal(2), at: 10) }
        scene.exit("a", leaving: 2, at: 11)
        scene.pass(to: 6000)
        #expect(
            scene.didAt().suffix(5) == [
                "5010 warning a cannot be killed: processes 100, 101 still there 5s after KILL; "
                    + "what it holds stays taken",
                "5010 a aborted unkillable [100, 101]", "5010 abandon a",
                "5010 b skipped interrupted 2", "5010 finish aborted",
            ])
    }

    @Test("a failure that is allowed is none when the step has not really ended")
    func allowed() throws {
        var scene = try scene {
            $0.workflow.steps[0].allowsFailure = true
            $0.step("b", after: ["a"])
        }
        scene.pass(to: 6000)
        #expect(scene.did().contains("b skipped needs a"))
    }

    // MARK: - Outputs

    private func writingScene(_ change: (inout Step) -> Void = { _ in }) throws -> Scene {
        try Scene { plan in
            plan.step("a") {
                $0.outputFiles = [FilePattern("out")]
                $0.isCritical = false
                change(&$0)
            }
            plan.step("b", after: ["a"])
        }
    }

    @Test("what a step declares is looked for after exit 0, before anything depends on it")
    func outputs() throws {
        var scene = try writingScene()
        scene.verifiesAtOnce = false
        scene.exit("a", at: 5)
        #expect(scene.did() == ["launch a 1", "verify a"])
        scene.send(.verified(step: 0, Verification()), at: 6)
        scene.send(.verified(step: 0, Verification(missing: ["out"])), at: 7)
        scene.exit("b", at: 8)
        #expect(scene.did() == ["a complete", "launch b 2", "b complete", "finish complete"])
    }

    @Test("a missing output is a failure like any other")
    func missingOutputs() throws {
        var scene = try writingScene()
        scene.missing["a"] = ["out"]
        scene.exit("a", at: 5)
        #expect(
            scene.did() == [
                "launch a 1", "verify a", "a failed missing [\"out\"]", "b skipped needs a",
                "finish failed",
            ])
        var allowed = try writingScene { $0.allowsFailure = true }
        allowed.missing["a"] = ["out"]
        allowed.exit("a", at: 5)
        #expect(allowed.did().suffix(2) == ["a failed missing [\"out\"] allowed", "launch b 2"])
    }

    @Test("outputs of a step that failed, was stopped or declares none are not looked for")
    func notLookedFor() throws {
        var failed = try writingScene()
        failed.exit("a", 1, at: 5)
        #expect(!failed.did().contains("verify a"))
        var late = try writingScene { $0.timeout = Milliseconds(3) }
        late.exit("a", at: 5)
        #expect(!late.did().contains("verify a"))
        var stopped = try writingScene()
        stopped.send(.signal(2), at: 4)
        stopped.exit("a", at: 5)
        #expect(!stopped.did().contains("verify a"))
        var unasked = try writingScene()
        unasked.send(.verified(step: 0, Verification(missing: ["x"])), at: 4)
        #expect(unasked.did() == ["launch a 1"])
    }

    @Test("a stop that comes while outputs are looked for aborts the step, and signals nobody")
    func stopWhileVerifying() throws {
        var scene = try writingScene { $0.timeout = Milliseconds(10) }
        scene.verifiesAtOnce = false
        scene.exit("a", at: 5)
        scene.send(.signal(2), at: 6)
        scene.send(.wantsTerminal(step: 0, signal: 21), at: 7)
        scene.pass(to: 100)
        scene.send(.verified(step: 0, Verification(missing: ["out"])), at: 100)
        #expect(
            scene.did() == [
                "launch a 1", "verify a", "a aborted interrupted 2", "b skipped interrupted 2",
                "finish aborted",
            ])
    }
}
