import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: circuit breakers")
struct SchedulerBreakerTests {
    /// Steps that take one unit of `api` each, whose breaker opens at two failures for a second.
    private func scene(
        _ ids: [String], capacity: Int = 1, whenOpen: BreakerSettings.WhenOpen = .wait,
        _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: 8) { builder in
            var breaker = BreakerSettings()
            breaker.failures = 2
            breaker.coolDown = Milliseconds(1000)
            breaker.whenOpen = whenOpen
            builder.workflow.resources = [ResourceDeclaration("api", capacity: capacity)]
            builder.workflow.resources[0].breaker = breaker
            for id in ids {
                builder.step(id) {
                    $0.isCritical = false
                    $0.resources = [ResourceUse("api")]
                }
            }
            change(&builder)
        }
    }

    private func did(_ scene: inout Scene) -> [String] {
        scene.didAt().filter { text in
            ![" acquire ", " release ", " waiting "].contains { text.contains($0) }
        }
    }

    @Test("so many failures in a row open it; those behind it wait until it has cooled down")
    func opens() throws {
        var scene = try scene(["a", "b", "c", "d"])
        scene.exit("a", 1, at: 10)
        scene.exit("b", 1, at: 20)
        scene.pass(to: 1019)
        #expect(
            did(&scene) == [
                "0 launch a 1", "10 a failed exited 1", "10 launch b 2", "20 breaker api open b",
                "20 b failed exited 1",
            ])
        scene.exit("c", 0, at: 1030)
        #expect(
            did(&scene) == [
                "1020 breaker api half_open -", "1020 launch c 3", "1030 breaker api closed c",
                "1030 c complete", "1030 launch d 4",
            ])
    }

    @Test("half-open, one step at a time tries; its failure opens it again")
    func halfOpen() throws {
        var scene = try scene(["a", "b", "c", "d", "e"], capacity: 2)
        scene.exit("a", 1, at: 10)
        scene.exit("b", 1, at: 20)
        scene.pass(to: 1020)
        // `c` began before it opened: it has had its say.
        scene.exit("c", 0, at: 1025)
        scene.exit("d", 1, at: 1030)
        scene.pass(to: 2030)
        #expect(
            did(&scene) == [
                "0 launch a 1", "0 launch b 2", "10 a failed exited 1", "10 launch c 3",
                "20 breaker api open b", "20 b failed exited 1", "1020 breaker api half_open -",
                "1020 launch d 4", "1025 c complete", "1030 breaker api open d",
                "1030 d failed exited 1", "2030 breaker api half_open -", "2030 launch e 5",
            ])
    }

    @Test("a success in between begins the count anew; retries of one step count like steps")
    func inARow() throws {
        var scene = try scene(["a", "b", "c", "d"])
        scene.exit("a", 1, at: 1)
        scene.exit("b", 0, at: 2)
        scene.exit("c", 1, at: 3)
        #expect(!did(&scene).contains { $0.contains("breaker") })
        var retried = try self.scene(["a"]) { $0.workflow.steps[0].recovery.retries = 5 }
        retried.exit("a", 1, at: 1)
        retried.exit("a", 1, at: 5000)
        retried.pass(to: 5500)
        #expect(did(&retried).contains("5000 breaker api open a"))
    }

    @Test("a resting step whose breaker is open waits for it when its time has come")
    func restingBehindIt() throws {
        var scene = try scene(["a"]) { builder in
            builder.workflow.steps[0].recovery.retries = 5
            builder.workflow.execution.retry.delay = Milliseconds(10)
            builder.workflow.execution.retry.maxDelay = Milliseconds(10)
        }
        scene.exit("a", 1, at: 1)
        scene.exit("a", 1, at: 100)
        scene.pass(to: 3000)
        #expect(
            did(&scene).suffix(2) == ["1100 breaker api half_open -", "1100 launch a 3 attempt 3"])
    }

    @Test("when_open = \"fail\": steps that would start fail at once, with what follows from it")
    func failsFast() throws {
        for isCritical in [false, true] {
            var scene = try scene(["a", "b", "c", "d"], whenOpen: .fail) { builder in
                builder.workflow.steps[2].isCritical = isCritical
                for id in ["a", "b", "c", "d"] { builder.step(id + "2", after: [id]) }
            }
            scene.exit("a", 1, at: 10)
            scene.exit("b", 1, at: 20)
            let rest =
                isCritical
                ? ["20 d skipped halted by c", "20 d2 skipped halted by c", "20 finish failed"]
                : [
                    "20 d failed breaker of api open", "20 d2 skipped needs d",
                    "20 finish failed",
                ]
            #expect(
                did(&scene).filter { $0.hasPrefix("20 ") } == [
                    "20 breaker api open b", "20 b failed exited 1", "20 b2 skipped needs b",
                    "20 c failed breaker of api open", "20 c2 skipped needs c",
                ] + rest)
        }
    }

    @Test("one that was launched before and fails fast has ended, not been skipped")
    func failsFastLater() throws {
        var scene = try scene(["a"], whenOpen: .fail) {
            $0.workflow.steps[0].recovery.retries = 5
            $0.workflow.execution.retry.delay = Milliseconds(10)
        }
        scene.exit("a", 1, at: 1)
        scene.exit("a", 1, at: 100)
        scene.pass(to: 200)
        #expect(scene.did().suffix(2) == ["a failed breaker of api open", "finish failed"])
    }

    @Test("half-open, even steps that fail fast wait for the one that tries")
    func failFastHalfOpen() throws {
        var scene = try scene(["a", "b"], whenOpen: .fail) { builder in
            builder.step("x")
            for id in ["c", "d"] {
                builder.step(id, after: ["x"]) { $0.resources = [ResourceUse("api")] }
            }
        }
        scene.exit("a", 1, at: 10)
        scene.exit("b", 1, at: 20)
        scene.exit("x", 0, at: 1500)
        scene.exit("c", 0, at: 1600)
        #expect(
            did(&scene).suffix(5) == [
                "1500 x complete", "1500 launch c 4", "1600 breaker api closed c",
                "1600 c complete", "1600 launch d 5",
            ])
    }

    @Test("neither a launch that failed nor a busy one nor one that was stopped counts")
    func uncounted() throws {
        var scene = try scene(["a", "b", "c"]) { builder in
            builder.workflow.execution.throttle = ThrottleSettings()
            builder.workflow.execution.throttle?.exitCodes = [75]
        }
        scene.exit("a", 1, at: 1)
        scene.exit("b", 75, at: 2)
        scene.pass(to: 6000)
        scene.exit("b", 75, at: 6000)
        scene.send(.signal(15), at: 20_000)
        #expect(!did(&scene).contains { $0.contains("breaker") })
    }

    @Test("one that tries and comes back without an answer leaves the try to the next")
    func probeComesBack() throws {
        var scene = try scene(["a", "b", "c"])
        scene.exit("a", 1, at: 10)
        scene.exit("b", 1, at: 20)
        scene.startsAtOnce = false
        scene.pass(to: 1020)
        scene.send(.notStarted(step: 2, message: "no"), at: 1021)
        #expect(
            did(&scene).suffix(3) == [
                "1020 launch c 3", "1021 c failed not started: no", "1021 finish failed",
            ])
        var next = try self.scene(["a", "b", "c", "d"])
        next.exit("a", 1, at: 10)
        next.exit("b", 1, at: 20)
        next.startsAtOnce = false
        next.pass(to: 1020)
        next.send(.notStarted(step: 2, message: "no"), at: 1021)
        #expect(did(&next).suffix(2) == ["1021 c failed not started: no", "1021 launch d 4"])
    }

    @Test("the setting of all resources counts for those without one of their own")
    func general() throws {
        var scene = try Scene(jobs: 1) { builder in
            builder.workflow.execution.breaker = BreakerSettings()
            builder.workflow.execution.breaker?.failures = 1
            for id in ["a", "b"] {
                builder.step(id) {
                    $0.isCritical = false
                    $0.resources = [ResourceUse("undeclared")]
                }
            }
        }
        scene.exit("a", 1, at: 10)
        scene.pass(to: 60_000)
        #expect(
            did(&scene).suffix(2) == [
                "30010 breaker undeclared half_open -", "30010 launch b 2",
            ])
    }

    @Test("a breaker that opened and cooled down while locks were being taken lets one try")
    func cooledMeanwhile() throws {
        var builder = PlanBuilder(jobs: 3)
        builder.workflow.resources = [ResourceDeclaration("db", capacity: 3)]
        builder.workflow.execution.breaker = BreakerSettings()
        builder.workflow.execution.breaker?.failures = 1
        builder.workflow.execution.breaker?.coolDown = Milliseconds(10)
        for id in ["a", "b", "c"] {
            builder.step(id) {
                $0.isCritical = false
                $0.resources = [ResourceUse("db")]
            }
        }
        var scheduler = Scheduler(plan: try builder.plan())
        func send(_ input: SchedulerInput, at time: Int64) -> [SchedulerAction] {
            var actions: [SchedulerAction] = []
            scheduler.handle(input, at: RunTime(milliseconds: time), into: &actions)
            return actions.filter { if case .record = $0 { false } else { true } }
        }
        _ = send(.begin, at: 0)
        _ = send(.locksAcquired(step: 0), at: 0)
        _ = send(.started(step: 0, pid: 1, startTicks: 1), at: 0)
        let exit = ExitStatus.exited(1)
        _ = send(.leaderExited(step: 0, exit: exit, usage: nil, leftovers: []), at: 1)
        // Both had asked for their locks while it was closed; it is half open by now.
        _ = send(.tick, at: 11)
        #expect(send(.locksAcquired(step: 1), at: 12).count == 1)
        #expect(send(.locksAcquired(step: 2), at: 12) == [.releaseLocks(step: 2)])
    }

    @Test(
        "neither waiting nor failing fast keeps a finalizer from its one run",
        arguments: [false, true])
    func finalizers(failsFast: Bool) throws {
        var scene = try scene(["a", "b"], whenOpen: failsFast ? .fail : .wait) {
            for id in ["y", "z"] {
                $0.step(id) {
                    $0.gating.always = true
                    $0.resources = [ResourceUse("api")]
                }
            }
        }
        scene.exit("a", 1, at: 10)
        scene.exit("b", 1, at: 20)
        // Their own failures open nothing.
        scene.exit("y", 1, at: 30)
        scene.exit("z", at: 40)
        let told = [
            "20 breaker api open b", "20 b failed exited 1", "20 finalizing",
            "20 launch y 3", "30 y failed exited 1", "30 launch z 4",
            "40 z complete", "40 finish failed",
        ]
        #expect(did(&scene).suffix(told.count) == told)
    }
}
