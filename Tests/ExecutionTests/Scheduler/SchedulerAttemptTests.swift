import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: attempts")
struct SchedulerAttemptTests {
    /// One step that is tried again; `b` stands beside it in nothing.
    private func scene(
        jobs: Int = 2, retries: Int = 0, backups: Int = 0,
        _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: jobs) { builder in
            builder.step("a") {
                $0.recovery.retries = retries
                $0.recovery.backups = (0..<backups).map {
                    BackupMethod(command: .arguments(["other", "\($0)"]))
                }
            }
            change(&builder)
        }
    }

    /// What `a` waits before an attempt under the default settings.
    private func delay(_ attempt: Int, retry: Int? = nil) -> Int64 {
        Backoff(policy: RetryPolicy())
            .delay(before: attempt, retry: retry ?? attempt - 1, of: StepID("a")).value
    }

    @Test("a failed attempt is followed by another, after a wait that grows")
    func retries() throws {
        var scene = try scene(retries: 2)
        scene.exit("a", 1, at: 10)
        scene.pass(to: 20_000)
        let second = 10 + delay(2)
        #expect(
            scene.didAt() == [
                "0 launch a 1", "10 a attempt failed exited 1",
                "10 a retry 2 primary in \(delay(2))", "\(second) launch a 2 attempt 2",
            ])
        scene.exit("a", 2, at: 20_000)
        scene.pass(to: 40_000)
        scene.exit("a", 0, at: 40_000)
        #expect(
            scene.didAt() == [
                "20000 a attempt failed exited 2", "20000 a retry 3 primary in \(delay(3))",
                "\(20_000 + delay(3)) launch a 3 attempt 3", "40000 a complete",
                "40000 finish complete",
            ])
    }

    @Test("after the last attempt the step has failed, with what it failed of last")
    func usedUp() throws {
        var scene = try scene(retries: 1)
        scene.exit("a", 1, at: 10)
        scene.exit("a", 9, at: 20_000)
        #expect(scene.did().suffix(2) == ["a failed exited 9", "finish failed"])
    }

    @Test("backups follow at once, in order and once each; the first that succeeds ends the step")
    func backups() throws {
        var scene = try scene(retries: 1, backups: 3)
        scene.exit("a", 1, at: 10)
        scene.exit("a", 1, at: 20_000)
        scene.exit("a", 3, at: 20_001)
        scene.exit("a", 0, at: 20_002)
        #expect(
            scene.didAt().dropFirst(4) == [
                "20000 a attempt failed exited 1", "20000 a retry 3 backup[1] in 0",
                "20000 launch a 3 attempt 3 backup[1]", "20001 a attempt failed exited 3",
                "20001 a retry 4 backup[2] in 0", "20001 launch a 4 attempt 4 backup[2]",
                "20002 a complete", "20002 finish complete",
            ])
    }

    @Test("a backup in words alone is for the runner, and is passed over where there is none")
    func wordsOnly() throws {
        for hasRunner in [false, true] {
            var scene = try scene {
                $0.workflow.steps[0].recovery.backups = [
                    BackupMethod(command: nil, description: "by hand"),
                    BackupMethod(command: .arguments(["other"])),
                ]
                if hasRunner { $0.options.runner = .arguments(["agent"]) }
            }
            scene.exit("a", 1, at: 1)
            let next = hasRunner ? 1 : 2
            let warning =
                "warning a backup[1] has no command, and there is no runner that could do what it"
                + " says: passed over (`--runner` names one)"
            #expect(
                scene.did() == ["launch a 1"] + (hasRunner ? [] : [warning]) + [
                    "a attempt failed exited 1", "a retry 2 backup[\(next)] in 0",
                    "launch a 2 attempt 2 backup[\(next)]",
                ])
        }
    }

    private static let triggers: [(retryOn: [RetryTrigger], reason: StepReason, isRetried: Bool)] =
        [
            ([], .exited(1), true), ([], .signalled(11, coreDumped: true), true),
            ([], .timedOut(.attempt, limitMilliseconds: 1), true),
            ([], .outputsMissing(["o"]), true), ([], .verifyFailed(.exited(1)), true),
            ([], .notStarted("no"), false), ([.exitCode(75)], .exited(75), true),
            ([.exitCode(75)], .exited(1), false),
            ([.exitCode(75)], .verifyFailed(.exited(75)), false),
            ([.signal(11)], .signalled(11, coreDumped: false), true),
            ([.signal(11)], .signalled(9, coreDumped: false), false),
            ([.timeout], .timedOut(.attempt, limitMilliseconds: 1), true),
            ([.timeout], .timedOut(.idle, limitMilliseconds: 1), true),
            ([.timeout], .exited(124), false), ([.exitCode(1), .timeout], .exited(1), true),
        ]

    @Test("retry_on says which failures are worth another attempt", arguments: triggers.indices)
    func retryOn(number: Int) {
        let (retryOn, reason, isRetried) = Self.triggers[number]
        var recovery = Step.Recovery()
        recovery.retryOn = retryOn
        #expect(recovery.isWorthRetry(reason) == isRetried)
    }

    @Test("a failure that is worth no retry goes to the next method, or ends the step")
    func notWorthIt() throws {
        for backups in [0, 1] {
            var scene = try scene(retries: 3, backups: backups) {
                $0.workflow.steps[0].recovery.retryOn = [.exitCode(75)]
            }
            scene.exit("a", 1, at: 1)
            let next =
                backups == 0
                ? ["a failed exited 1", "finish failed"]
                : [
                    "a attempt failed exited 1", "a retry 2 backup[1] in 0",
                    "launch a 2 attempt 2 backup[1]",
                ]
            #expect(scene.did() == ["launch a 1"] + next)
        }
    }

    @Test("what cannot be started is not tried again the same way")
    func notStarted() throws {
        var scene = try scene(retries: 3, backups: 1) { _ in }
        var other = try Scene { builder in
            builder.step("a") { $0.recovery.retries = 3 }
        }
        scene.startsAtOnce = false
        other.startsAtOnce = false
        _ = (scene.did(), other.did())
        // Both are running by now: only a launch that comes later can fail to start.
        scene.exit("a", 1, at: 1)
        scene.pass(to: 5000)
        scene.send(.notStarted(step: 0, message: "no such file"), at: 5000)
        #expect(
            scene.did().suffix(3) == [
                "a attempt failed not started: no such file", "a retry 3 backup[1] in 0",
                "launch a 3 attempt 3 backup[1]",
            ])
        other.exit("a", 1, at: 1)
        other.pass(to: 5000)
        other.send(.notStarted(step: 0, message: "no such file"), at: 5000)
        #expect(
            other.did().suffix(2) == ["a failed not started: no such file", "finish failed"])
    }

    @Test("the budget is the run's: then failures go on to the next method, with one warning")
    func budget() throws {
        var scene = try Scene(jobs: 3) { builder in
            builder.workflow.execution.retry.budget = 1
            for id in ["a", "b", "c"] {
                builder.step(id) {
                    $0.isCritical = false
                    $0.recovery.retries = 2
                    if id == "b" {
                        $0.recovery.backups = [BackupMethod(command: .arguments(["other"]))]
                    }
                }
            }
        }
        _ = scene.did()
        scene.exit("a", 1, at: 1)
        scene.exit("b", 1, at: 1)
        scene.exit("c", 1, at: 1)
        #expect(
            scene.did() == [
                "a attempt failed exited 1", "a retry 2 primary in \(delay(2))",
                "warning b is not repeated: the run's 1 retry is used up"
                    + " (`budget` in `[execution.retry]`)",
                "b attempt failed exited 1", "b retry 2 backup[1] in 0",
                "launch b 4 attempt 2 backup[1]", "c failed exited 1",
            ])
    }

    @Test("a step that rests holds no slot, no units, no locks and nobody's path")
    func holdsNothing() throws {
        var scene = try Scene(jobs: 1) { builder in
            builder.workflow.resources = [ResourceDeclaration("db")]
            for id in ["a", "b"] {
                builder.step(id) {
                    $0.resources = [ResourceUse("db")]
                    $0.recovery.retries = 1
                    $0.isParallelSafe = false
                }
            }
            builder.conflict(0, 1)
        }
        scene.exit("a", 1, at: 10)
        #expect(
            scene.did() == [
                "acquire a", "launch a 1", "a attempt failed exited 1", "release a",
                "a retry 2 primary in \(delay(2))", "acquire b", "launch b 2",
            ])
        // Its time comes while the other runs: it waits for it like any step.
        scene.pass(to: 10 + delay(2))
        scene.exit("b", 0, at: 5000)
        #expect(
            scene.didAt().suffix(4) == [
                "5000 b complete", "5000 release b", "5000 acquire a", "5000 launch a 3 attempt 2",
            ])
    }

    private static let stops:
        [(name: String, does: @Sendable (inout Scene) -> Void, reason: String)] =
            [
                ("a signal", { $0.send(.signal(15), at: 20) }, "interrupted 15"),
                ("the run's limit", { $0.pass(to: 100) }, "timed out run 100"),
                ("a halt", { $0.exit("b", 1, at: 20) }, "halted by b"),
            ]

    @Test("a stop of the run ends a resting step at once", arguments: stops.indices, [false, true])
    func stopped(number: Int, isOptimistic: Bool) throws {
        var scene = try Scene { builder in
            builder.workflow.execution.runTimeout = Milliseconds(100)
            builder.workflow.execution.failureStrategy = isOptimistic ? .optimistic : .pessimistic
            builder.step("a") {
                $0.isCritical = false
                $0.recovery.retries = 1
            }
            builder.step("b")
            builder.step("c", after: ["a"])
        }
        scene.exit("a", 1, at: 10)
        _ = scene.did()
        Self.stops[number].does(&scene)
        let did = scene.did()
        let reason = Self.stops[number].reason
        #expect(did.contains("a aborted \(reason)"))
        if number < 2 {
            scene.exit("b", at: 90 + 20)
            #expect(scene.did().last == (number == 0 ? "finish aborted" : "finish failed"))
        } else {
            #expect(did.suffix(2) == ["c skipped \(reason)", "finish failed"])
        }
    }

    @Test("an attempt that ends after an optimistic halt has no successor")
    func haltedMeanwhile() throws {
        var scene = try Scene { builder in
            builder.workflow.execution.failureStrategy = .optimistic
            builder.step("a") { $0.recovery.retries = 5 }
            builder.step("b")
        }
        scene.exit("b", 1, at: 1)
        _ = scene.did()
        scene.exit("a", 2, at: 2)
        #expect(scene.did() == ["a failed exited 2", "finish failed"])
    }

    @Test("each attempt has the whole time limit, and a timeout is worth another")
    func timeouts() throws {
        var scene = try scene(retries: 1) { $0.workflow.steps[0].timeout = Milliseconds(100) }
        scene.pass(to: 100)
        scene.die("a", of: 15, at: 110)
        let again = 110 + delay(2)
        scene.pass(to: again + 99)
        #expect(
            scene.didAt() == [
                "0 launch a 1", "100 signal a 15", "110 a attempt failed timed out attempt 100",
                "110 a retry 2 primary in \(delay(2))", "\(again) launch a 2 attempt 2",
            ])
        scene.pass(to: again + 100)
        #expect(scene.didAt() == ["\(again + 100) signal a 15"])
    }

    @Test("a rest is over at its time of running, not of standing still")
    func standstill() throws {
        var scene = try scene(retries: 1)
        scene.exit("a", 1, at: 10)
        scene.resume(after: 5000, at: 5020)
        scene.pass(to: 20_000)
        #expect(scene.didAt().last == "\(5010 + delay(2)) launch a 2 attempt 2")
    }

    @Test("a phase that takes too long ends steps that rest in it")
    func overduePhase() throws {
        var scene = try scene(retries: 1) {
            $0.workflow.execution.barriers = true
            $0.workflow.execution.phaseTimeout = Milliseconds(100)
        }
        scene.exit("a", 1, at: 10)
        _ = scene.did()
        scene.pass(to: 150)
        #expect(
            scene.did() == ["limit phase 150", "a failed timed out phase 150", "finish failed"])
    }

    @Test("a launch that the system puts off is the same attempt when it comes to pass")
    func putOff() throws {
        var scene = try scene(retries: 1)
        scene.exit("a", 1, at: 10)
        scene.startsAtOnce = false
        scene.pass(to: 5000)
        scene.send(.launchDeferred(step: 0, message: "EAGAIN"), at: 5000)
        scene.startsAtOnce = true
        scene.pass(to: 6000)
        scene.exit("a", 0, at: 6000)
        #expect(
            scene.did().filter { $0.hasPrefix("launch") } == [
                "launch a 1", "launch a 2 attempt 2", "launch a 2 attempt 2",
            ])
    }

    @Test("a plain step leads to nothing but its end: no series, no bars, no breaker")
    func plain() throws {
        var builder = PlanBuilder()
        builder.step("a") { $0.resources = [ResourceUse("db")] }
        let plan = try builder.plan()
        #expect(plan.traits[0].isDisjoint(with: .sequels))
        var scene = Scene(plan)
        scene.send(.begin, at: 0)
        scene.exit("a", 1, at: 1)
        #expect(scene.scheduler.attempts.isUneventful)
        #expect(scene.scheduler.throttles.isEmpty && scene.scheduler.breakers.isEmpty)
    }

    @Test("a new series after a person's decision counts its attempts on")
    func restarted() throws {
        var builder = PlanBuilder()
        builder.step("a") {
            $0.recovery.retries = 1
            $0.recovery.backups = [BackupMethod(command: .arguments(["other"]))]
        }
        let plan = try builder.plan()
        for method in [StepMethod.primary, .backup(1)] {
            var scheduler = Scheduler(plan: plan)
            scheduler.attempts.count(0)
            scheduler.attempts.count(0)
            scheduler.restart(0, from: method)
            #expect(scheduler.nextAttempt(of: 0) == (3, method))
            #expect(scheduler.attempts[0].failures == 0)
        }
    }
}
