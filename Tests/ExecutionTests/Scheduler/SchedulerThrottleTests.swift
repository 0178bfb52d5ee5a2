import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: throttling")
struct SchedulerThrottleTests {
    /// Steps that take one unit each of `api`, of which there are so many; exit code 75 is "busy".
    private func scene(
        _ ids: [String], capacity: Int = 4, jobs: Int = 8, usesResource: Bool = true,
        delay: Int64 = 1000, recoverAfter: Int64 = 10_000,
        _ change: (inout PlanBuilder) -> Void = { _ in }
    ) throws -> Scene {
        try Scene(jobs: jobs) { builder in
            var throttle = ThrottleSettings()
            throttle.exitCodes = [75]
            throttle.delay = Milliseconds(delay)
            throttle.recoverAfter = Milliseconds(recoverAfter)
            builder.workflow.execution.throttle = throttle
            builder.workflow.resources = [ResourceDeclaration("api", capacity: capacity)]
            for id in ids {
                builder.step(id) {
                    $0.isCritical = false
                    if usesResource { $0.resources = [ResourceUse("api")] }
                }
            }
            change(&builder)
        }
    }

    /// What it did without the taking of locks.
    private func did(_ scene: inout Scene) -> [String] {
        scene.didAt().filter { !$0.contains(" acquire ") && !$0.contains(" release ") }
    }

    @Test("busy: the limit goes down, nothing of it starts for a while, the step is tried again")
    func busy() throws {
        var scene = try scene(["a", "b", "c"], capacity: 2)
        scene.exit("a", 75, at: 10)
        scene.exit("b", 0, at: 20)
        #expect(
            did(&scene) == [
                "0 waiting c api 0", "0 launch a 1", "0 launch b 2",
                "10 a attempt busy exited 75", "10 throttled api to 1 by a for 1000",
                "10 a retry 2 primary in 1000", "20 b complete",
            ])
        scene.pass(to: 1010)
        // One at a time from now on, though there are two units and eight slots.
        #expect(did(&scene) == ["1010 launch a 3 attempt 2"])
        scene.exit("a", at: 1020)
        scene.exit("c", at: 1030)
        #expect(
            did(&scene) == [
                "1020 a complete", "1020 launch c 4", "1030 c complete", "1030 finish complete",
            ])
    }

    @Test("it costs no retry and no budget")
    func costsNothing() throws {
        var scene = try scene(["a"]) {
            $0.workflow.execution.retry.budget = 1
            $0.workflow.steps[0].recovery.retries = 1
        }
        for time in [1, 10_000, 20_000] { scene.exit("a", 75, at: Int64(time)) }
        scene.exit("a", 1, at: 40_000)
        scene.exit("a", 1, at: 60_000)
        let ends = did(&scene).filter { $0.contains(" a attempt") || $0.contains(" a failed") }
        #expect(
            ends.map { $0.split(separator: " ").dropFirst().joined(separator: " ") } == [
                "a attempt busy exited 75", "a attempt busy exited 75", "a attempt busy exited 75",
                "a attempt failed exited 1", "a failed exited 1",
            ])
    }

    @Test("the delay doubles with each further busy failure, up to a quarter of an hour")
    func doubles() throws {
        var scene = try scene(["a"], delay: 100_000)
        var time: Int64 = 1
        var delays: [String] = []
        for _ in 0..<6 {
            scene.exit("a", 75, at: time)
            delays += did(&scene).filter { $0.contains("retry") }
                .compactMap { $0.split(separator: " ").last.map { String($0) } }
            time += 2_000_000
            scene.pass(to: time)
        }
        #expect(delays == ["100000", "200000", "400000", "800000", "900000", "900000"])
    }

    @Test("failures of what was under way already lower the limit and do not double the delay")
    func burst() throws {
        var scene = try scene(["a", "b", "c", "d"])
        for (index, id) in ["a", "b", "c", "d"].enumerated() {
            scene.exit(id, 75, at: Int64(10 + index))
        }
        #expect(
            did(&scene).filter { $0.contains("throttled") } == [
                "10 throttled api to 3 by a for 1000", "11 throttled api to 2 by b for 1000",
                "12 throttled api to 1 by c for 1000", "13 throttled api to 1 by d for 1000",
            ])
        scene.pass(to: 1013)
        #expect(
            did(&scene).filter { $0.contains("launch") } == ["1013 launch a 5 attempt 2"])
    }

    @Test("a success takes the doubling back, and not the limit")
    func success() throws {
        var scene = try scene(["a", "b"], capacity: 3)
        scene.exit("a", 75, at: 10)
        scene.exit("b", 0, at: 20)
        scene.exit("a", 75, at: 2000)
        #expect(
            did(&scene).filter { $0.contains("throttled") } == [
                "10 throttled api to 2 by a for 1000", "2000 throttled api to 1 by a for 1000",
            ])
    }

    @Test("without a busy failure the limit rises by one at a time, to what is declared")
    func recovers() throws {
        var scene = try scene(["a", "b", "c", "d"], capacity: 3)
        for id in ["a", "b", "c"] { scene.exit(id, 75, at: 10) }
        scene.pass(to: 40_000)
        let eased = did(&scene).filter { $0.contains("eased") || $0.contains("launch") }.dropFirst(
            3)
        #expect(
            eased == [
                "1010 launch a 4 attempt 2", "10010 eased api to 2", "10010 launch b 5 attempt 2",
                "20010 eased api to 3", "20010 launch c 6 attempt 2",
            ])
    }

    @Test("a step that takes no resource slows down the run")
    func run() throws {
        var scene = try scene(["a", "b", "c"], jobs: 2, usesResource: false)
        scene.exit("a", 75, at: 10)
        scene.exit("b", 0, at: 20)
        scene.pass(to: 1010)
        #expect(
            did(&scene) == [
                "0 launch a 1", "0 launch b 2", "10 a attempt busy exited 75",
                "10 throttled run to 1 by a for 1000", "10 a retry 2 primary in 1000",
                "20 b complete", "1010 launch a 3 attempt 2",
            ])
        scene.pass(to: 10_010)
        #expect(did(&scene) == ["10010 eased run to 2", "10010 launch c 4"])
    }

    @Test("one that needs more units than are left of the limit has them when it is alone")
    func large() throws {
        var scene = try scene(["a", "b"], capacity: 3) { builder in
            builder.step("big") { $0.resources = [ResourceUse("api", units: 3)] }
        }
        scene.exit("a", 75, at: 10)
        scene.exit("b", at: 20)
        scene.pass(to: 1010)
        scene.exit("a", at: 1500)
        #expect(did(&scene).last == "1500 launch big 4")
    }

    @Test("after thirty in a row the next counts as any other failure")
    func limit() throws {
        var scene = try scene(["a"], delay: 1)
        for number in 0..<31 { scene.exit("a", 75, at: Int64(number) * 2_000_000 + 1) }
        let did = did(&scene)
        #expect(did.filter { $0.contains("attempt busy") }.count == 30)
        #expect(did.suffix(2) == ["60000001 a failed exited 75", "60000001 finish failed"])
    }

    @Test("what the log says counts, but not for an end that stepvisor brought about")
    func pattern() throws {
        for (busy, timesOut) in [(true, false), (false, false), (true, true)] {
            var builder = PlanBuilder()
            var throttle = ThrottleSettings()
            throttle.pattern = "429"
            builder.workflow.execution.throttle = throttle
            builder.step("a") { $0.timeout = Milliseconds(100) }
            var scene = Scene(try builder.plan())
            scene.verifications["a"] = Verification(isBusy: busy)
            scene.send(.begin, at: 0)
            if timesOut { scene.pass(to: 100) }
            scene.exit("a", 1, at: timesOut ? 110 : 10)
            let did = scene.did()
            #expect(did.contains("verify a 4") == !timesOut)
            #expect(did.contains("a attempt busy exited 1") == (busy && !timesOut))
        }
    }

    @Test("an exit with 0 that lacks what it should have made may be busy too")
    func unfinished() throws {
        var builder = PlanBuilder()
        var throttle = ThrottleSettings()
        throttle.pattern = "429"
        builder.workflow.execution.throttle = throttle
        builder.step("a") { $0.gating.successPattern = "done" }
        var scene = Scene(try builder.plan())
        scene.verifications["a"] = Verification(hasSucceeded: false, isBusy: true)
        scene.send(.begin, at: 0)
        scene.exit("a", 0, at: 10)
        #expect(scene.did().contains("a attempt busy no success pattern done"))
        scene.verifications["a"] = Verification(isBusy: true)
        scene.exit("a", 0, at: 10_000)
        #expect(scene.did().suffix(2) == ["a complete", "finish complete"])
    }

    @Test("a step whose locks come while its resource is held back gives them up and waits")
    func lockedMeanwhile() throws {
        var scene = try scene(["a", "b"], capacity: 4, jobs: 1)
        var scheduler = scene.scheduler
        // `a` runs; with a second slot `b` would be asking for its locks.
        scheduler.launches.limit = 2
        var actions: [SchedulerAction] = []
        scheduler.handle(.tick, at: .zero, into: &actions)
        #expect(actions == [.acquireLocks(step: 1)])
        scheduler.handle(
            .leaderExited(step: 0, exit: .exited(75), usage: nil, leftovers: []),
            at: RunTime(milliseconds: 5), into: &actions)
        actions = []
        scheduler.handle(.locksAcquired(step: 1), at: RunTime(milliseconds: 6), into: &actions)
        #expect(actions == [.releaseLocks(step: 1)])
        scheduler.handle(.tick, at: RunTime(milliseconds: 1005), into: &actions)
        #expect(actions.contains(.acquireLocks(step: 1)))
        scene.exit("a", at: 1)
        #expect(!scene.did().isEmpty)
    }

    @Test("time that stands still counts neither for the delay nor for recovery")
    func standstill() throws {
        var scene = try scene(["a"])
        scene.exit("a", 75, at: 10)
        scene.resume(after: 5000, at: 5020)
        scene.pass(to: 30_000)
        #expect(
            did(&scene).suffix(2) == ["6010 launch a 2 attempt 2", "15010 eased api to 4"])
    }

    @Test(
        "a resource that was busy keeps no finalizer waiting, and after a stop none is tried again")
    func finalizers() throws {
        var scene = try scene(["a"], delay: 100_000) {
            $0.step("y") {
                $0.gating.always = true
                $0.resources = [ResourceUse("api")]
            }
        }
        scene.exit("a", 75, at: 10)
        scene.send(.signal(2), at: 20)
        scene.exit("y", 75, at: 30)
        let did = did(&scene)
        #expect(did.contains("20 launch y 2"), "\(did)")
        #expect(did.contains("30 y failed exited 75"), "\(did)")
        #expect(did.last?.hasPrefix("30 finish") == true, "\(did)")
    }
}
