import Foundation
import Testing
import TestSupport

@testable import Execution

@Suite("Scheduler: what holds of every run")
struct SchedulerPropertyTests {
    private static let shards = 4
    /// How many runs there are in all; `STEPVISOR_SIMULATIONS` says otherwise.
    private static let simulations =
        ProcessInfo.processInfo.environment["STEPVISOR_SIMULATIONS"].flatMap { Int($0) } ?? 100_000

    @Test(
        "random workflows in a hostile world keep every rule", arguments: 0..<shards, [false, true])
    func everyRuleHolds(shard: Int, hasPolicy: Bool) throws {
        var seed = shard
        // Half of the runs say what becomes of failures.
        while seed < Self.simulations / 2 {
            let found = try Self.violation(seed: UInt64(seed), hasPolicy: hasPolicy)
            if let found {
                Issue.record("seed \(seed): \(found)")
                return
            }
            seed += Self.shards
        }
    }

    @Test("the hostile world brings about everything that a run can come to")
    func everythingHappens() throws {
        var seen: [String: Int] = [:]
        for seed in 0..<4000 {
            var random = SeededGenerator(seed: UInt64(seed))
            let plan = try RandomPlan.make(&random)
            var world = WatchedWorld(HostileWorld(plan: plan, random: &random))
            var run = VirtualRun(plan: plan)
            world.inner.plot(&run.agenda)
            #expect(run.run(maxInputs: 5000, in: &world))
            seen.merge(world.seen, uniquingKeysWith: +)
        }
        let expected = [
            "acquire", "release", "waiting", "deferred", "warning", "leftovers", "killed",
            "signal 1", "signal 2", "signal 15", "signal 9", "third signal", "cut short",
            "complete", "allowed", "exited", "signalled", "left processes",
            "timed out attempt", "timed out idle", "timed out phase", "timed out run",
            "check output", "limit run", "limit phase", "barrier", "resumed", "wanted terminal",
            "verify", "outputs missing", "unkillable", "abandon", "skipped: done earlier",
            "skipped: timed out phase", "skipped: timed out run", "skipped: other",
            "not started", "halted", "interrupted", "skipped: halted", "skipped: interrupted",
            "skipped: needs", "skipped: not selected", "run complete", "run failed", "run aborted",
            "due", "examine", "examined due", "examined up to date", "examined restored",
            "group halted", "skipped: group halted", "group halting",
            "examined in a stop", "skipped: up to date", "skipped: unchanged", "restored",
        ]
        let missing = expected.filter { seen[$0, default: 0] < 10 }
        #expect(missing == [])
    }

    @Test("an equal seed gives an equal run, down to the order of what is done in a moment")
    func equalSeed() throws {
        for seed in 0..<1000 {
            var played: [[SchedulerAction]] = []
            for _ in 0..<2 {
                var random = SeededGenerator(seed: UInt64(seed))
                let plan = try RandomPlan.make(&random, hasPolicy: true)
                var world = WatchedWorld(HostileWorld(plan: plan, random: &random))
                world.keepsActions = true
                var run = VirtualRun(plan: plan)
                world.inner.plot(&run.agenda)
                _ = run.run(maxInputs: 20_000, in: &world)
                played.append(world.actions)
            }
            guard played[0] == played[1] else {
                let place = zip(played[0], played[1]).enumerated().first { $1.0 != $1.1 }
                Issue.record("seed \(seed): \(String(describing: place))")
                return
            }
        }
    }

    @Test("the hostile world brings about everything that a policy can lead to")
    func everyPolicyHappens() throws {
        var seen: [String: Int] = [:]
        for seed in 0..<4000 {
            var random = SeededGenerator(seed: UInt64(seed))
            let plan = try RandomPlan.make(&random, hasPolicy: true)
            var world = WatchedWorld(HostileWorld(plan: plan, random: &random))
            var run = VirtualRun(plan: plan)
            world.inner.plot(&run.agenda)
            #expect(run.run(maxInputs: 20_000, in: &world))
            seen.merge(world.seen, uniquingKeysWith: +)
        }
        let expected = [
            "retry", "backup", "busy", "throttled", "eased", "breaker open", "breaker half_open",
            "breaker closed", "check", "evaluate", "ask", "withdraw", "decided retry",
            "decided backup", "decided skip", "decided continue", "decided halt",
            "review unasked", "threshold", "mode dynamic", "mode collaborative", "finalizing",
            "told", "condition error", "skipped: condition false", "skipped: decided skip",
            "skipped: failures in a row", "skipped: awaits review", "behind a breaker",
            "verify failed", "success pattern missing", "deferred check", "run review",
            "run complete", "run failed", "run aborted",
        ]
        let missing = expected.filter { seen[$0, default: 0] < 10 }
        #expect(missing == [], "\(missing.map { seen[$0, default: 0] })")
    }

    /// Plays the run of a seed, and gives what did not hold.
    private static func violation(seed: UInt64, hasPolicy: Bool) throws -> String? {
        var random = SeededGenerator(seed: seed)
        let plan = try RandomPlan.make(&random, hasPolicy: hasPolicy)
        var world = HostileWorld(plan: plan, random: &random)
        var run = VirtualRun(plan: plan)
        run.prefersDeadlines = random.chance(50)
        world.plot(&run.agenda)
        let isFinished = run.run(maxInputs: 20_000, in: &world)
        if let violation = world.check.violation { return violation }
        return isFinished ? nil : "not finished after \(run.inputs) inputs"
    }
}
