import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: what is looked at after an exit, and the verify command")
struct SchedulerCheckTests {
    private func scene(
        starts: Bool = true, _ change: (inout Step) -> Void = { _ in }
    ) throws -> Scene {
        var builder = PlanBuilder()
        builder.step("a") {
            $0.gating.verify = "test -s out"
            change(&$0)
        }
        builder.step("b", after: ["a"])
        var scene = Scene(try builder.plan())
        scene.startsAtOnce = starts
        scene.send(.begin, at: 0)
        return scene
    }

    @Test("dependents start when the command has succeeded, not before")
    func succeeds() throws {
        var scene = try scene()
        scene.exit("a", at: 10)
        #expect(scene.didInFull().suffix(2) == ["launch check a 1", "record check started a"])
        scene.exit("a", at: 20)
        #expect(scene.did() == ["a complete", "launch b 2"])
    }

    @Test("its failure is the attempt's, which is followed by another")
    func fails() throws {
        var scene = try scene { $0.recovery.retries = 1 }
        scene.exit("a", at: 10)
        scene.exit("a", 4, at: 20)
        scene.pass(to: 5000)
        #expect(
            scene.did().dropFirst(2).prefix(1) == ["a attempt failed verify failed exited(4)"])
        scene.exit("a", at: 5000)
        scene.exit("a", 5, at: 5001)
        #expect(
            scene.did().suffix(4) == [
                "launch check a 2", "a failed verify failed exited(5)", "b skipped needs a",
                "finish failed",
            ])
    }

    @Test("work that has failed is not checked")
    func workFails() throws {
        var scene = try scene()
        scene.exit("a", 3, at: 10)
        #expect(scene.did().contains("a failed exited 3"))
        #expect(!scene.did().contains { $0.contains("check") })
    }

    @Test("the record keeps exit and cost of the work")
    func keepsTheWork() throws {
        var builder = PlanBuilder()
        builder.step("a") { $0.gating.verify = "false" }
        var scheduler = Scheduler(plan: try builder.plan())
        let usage = ResourceUsage(
            userMicroseconds: 5, systemMicroseconds: 6, peakMemoryKiB: 7)
        var actions: [SchedulerAction] = []
        for input: SchedulerInput in [
            .begin, .started(step: 0, pid: 1, startTicks: 1),
            .leaderExited(step: 0, exit: .exited(0), usage: usage, leftovers: []),
            .started(step: 0, pid: 2, startTicks: 2),
            .leaderExited(step: 0, exit: .exited(9), usage: nil, leftovers: []),
        ] { scheduler.handle(input, at: .zero, into: &actions) }
        #expect(
            actions.contains(
                .record(
                    .ended(
                        step: 0,
                        StepEnd(
                            status: .failed, reason: .verifyFailed(.exited(9)), exit: .exited(0),
                            usage: usage)))))
    }

    @Test("the attempt's time goes on over it")
    func timeLimit() throws {
        var scene = try scene { $0.timeout = Milliseconds(100) }
        scene.exit("a", at: 60)
        scene.pass(to: 100)
        scene.die("a", of: 15, at: 110)
        #expect(
            scene.didAt().dropFirst().prefix(3) == [
                "60 launch check a 1", "100 signal a 15", "110 a failed timed out attempt 100",
            ])
    }

    @Test("it may not be silent for too long either")
    func silence() throws {
        var scene = try scene { $0.idleTimeout = Milliseconds(50) }
        scene.outputs["a"] = 60
        scene.exit("a", at: 60)
        scene.pass(to: 110)
        #expect(scene.didAt().suffix(2) == ["110 check output a", "110 signal a 15"])
    }

    @Test("what it leaves behind is stopped as what the step leaves")
    func leftovers() throws {
        for policy in [LeftoverPolicy.kill, .fail] {
            var scene = try scene { $0.leftovers = policy }
            scene.exit("a", at: 10)
            scene.exit("a", leaving: 2, at: 20)
            scene.empty("a", at: 30)
            let end = policy == .kill ? "a complete" : "a failed left 2"
            #expect(
                scene.did().dropFirst(2).prefix(3) == ["leftovers a 2", "signal a 15", end])
        }
    }

    @Test("leftovers of the work are gone before it, and are not counted against it")
    func leftoversOfTheWork() throws {
        var scene = try scene()
        scene.exit("a", leaving: 1, at: 10)
        scene.empty("a", at: 20)
        scene.send(.signal(2), at: 30)
        scene.die("a", of: 2, at: 40)
        #expect(
            scene.did() == [
                "launch a 1", "leftovers a 1", "signal a 15", "launch check a 1", "signal a 2",
                "a aborted interrupted 2", "b skipped interrupted 2", "finish aborted",
            ])
    }

    @Test("a check that cannot be started fails the attempt")
    func cannotStart() throws {
        var scene = try scene(starts: false)
        scene.send(.started(step: 0, pid: 1, startTicks: 1), at: 1)
        scene.exit("a", at: 10)
        scene.send(.notStarted(step: 0, message: "no shell"), at: 11)
        #expect(
            scene.did().dropFirst(2).prefix(1) == [
                "a failed not started: its `verify` command: no shell"
            ])
    }

    @Test("a check that the system puts off is tried again, and the work is not")
    func putOff() throws {
        var scene = try scene(starts: false)
        scene.send(.started(step: 0, pid: 1, startTicks: 1), at: 1)
        scene.exit("a", at: 10)
        scene.send(.launchDeferred(step: 0, message: "EAGAIN"), at: 10)
        scene.send(.launchDeferred(step: 0, message: "EAGAIN"), at: 20)
        scene.startsAtOnce = true
        scene.pass(to: 40)
        scene.exit("a", at: 50)
        #expect(
            scene.didAt() == [
                "0 launch a 1", "10 launch check a 1", "15 launch check a 1",
                "30 launch check a 1", "50 a complete", "50 launch b 2",
            ])
    }

    @Test("a stop ends a step at once whose check is put off")
    func putOffAndStopped() throws {
        var scene = try scene(starts: false)
        scene.send(.started(step: 0, pid: 1, startTicks: 1), at: 1)
        scene.exit("a", at: 10)
        scene.send(.launchDeferred(step: 0, message: "EAGAIN"), at: 10)
        _ = scene.did()
        scene.send(.signal(15), at: 12)
        #expect(
            scene.did() == [
                "a aborted interrupted 15", "b skipped interrupted 15", "finish aborted",
            ])
    }

    @Test("a check cannot be put off for ever")
    func putOffForEver() throws {
        var scene = try scene(starts: false)
        scene.send(.started(step: 0, pid: 1, startTicks: 1), at: 1)
        scene.exit("a", at: 10)
        var time: Int64 = 10
        for _ in 0...LaunchState.maxTries {
            scene.send(.launchDeferred(step: 0, message: "EAGAIN"), at: time)
            time += 2000
        }
        #expect(
            scene.did().suffix(3) == [
                "a failed not started: its `verify` command: EAGAIN", "b skipped needs a",
                "finish failed",
            ])
    }

    private static let looks:
        [(declared: @Sendable (inout Step) -> Void, code: Int32, asked: UInt8?)] = [
            ({ _ in }, 0, nil), ({ _ in }, 1, nil),
            ({ $0.outputFiles = [FilePattern("o")] }, 0, 1),
            ({ $0.outputFiles = [FilePattern("o")] }, 1, nil),
            ({ $0.gating.successPattern = "done" }, 0, 2),
            (
                {
                    $0.outputFiles = [FilePattern("o")]
                    $0.gating.successPattern = "done"
                }, 0, 3
            ),
        ]

    @Test(
        "only what is declared is looked at, in one question; where \"busy\" is a text, that too",
        arguments: looks.indices, [false, true])
    func asks(number: Int, isThrottled: Bool) throws {
        let look = Self.looks[number]
        var scene = try Scene { builder in
            if isThrottled {
                builder.workflow.execution.throttle = ThrottleSettings()
                builder.workflow.execution.throttle?.pattern = "429"
            }
            builder.step("a") { look.declared(&$0) }
        }
        scene.exit("a", look.code, at: 1)
        var asked = look.asked
        if isThrottled { asked = look.code == 1 ? 4 : asked.map { $0 | 4 } }
        let expected = asked.map { $0 == 1 ? ["verify a"] : ["verify a \($0)"] } ?? []
        #expect(scene.did().filter { $0.hasPrefix("verify") } == expected)
    }

    @Test("a log without the success pattern fails an exit with 0; empty outputs are noted")
    func verifications() throws {
        func outcome(_ verification: Verification) throws -> [String] {
            var builder = PlanBuilder()
            builder.step("a") {
                $0.gating.successPattern = "done"
                $0.outputFiles = [FilePattern("o")]
            }
            var scene = Scene(try builder.plan())
            scene.verifications["a"] = verification
            scene.send(.begin, at: 0)
            scene.exit("a", at: 1)
            return scene.did().dropFirst(2).dropLast()
        }
        #expect(try outcome(Verification()) == ["a complete"])
        #expect(
            try outcome(Verification(hasSucceeded: false)) == ["a failed no success pattern done"])
        #expect(
            try outcome(Verification(missing: ["o"], hasSucceeded: false)) == [
                "a failed missing [\"o\"]"
            ])
        #expect(
            try outcome(Verification(empty: ["o"])) == ["a empty [\"o\"]", "a complete"])
    }

    @Test("a forecast plays checks and patterns through, and takes the steps' own time alone")
    func forecast() throws {
        var builder = PlanBuilder(jobs: nil)
        for id in ["a", "b"] {
            builder.step(id, ms: 100) {
                $0.gating.verify = "true"
                $0.gating.successPattern = "x"
                $0.outputFiles = [FilePattern(id)]
                $0.recovery.retries = 3
                $0.resources = [ResourceUse("db")]
            }
        }
        builder.workflow.execution.throttle = ThrottleSettings()
        builder.workflow.execution.throttle?.pattern = "429"
        #expect(try builder.plan().simulate()?.wall == Milliseconds(200))
    }
}
