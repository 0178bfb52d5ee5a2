import Foundation
import Testing

@testable import Execution

@Suite("Scheduler: what holds of every run")
struct SchedulerPropertyTests {
    private static let shards = 4
    /// How many runs there are in all; `STEPVISOR_SIMULATIONS` says otherwise.
    private static let simulations =
        ProcessInfo.processInfo.environment["STEPVISOR_SIMULATIONS"].flatMap { Int($0) } ?? 100_000

    @Test("random workflows in a hostile world keep every rule", arguments: 0..<shards)
    func everyRuleHolds(shard: Int) throws {
        var seed = shard
        while seed < Self.simulations {
            if let violation = try Self.violation(seed: UInt64(seed)) {
                Issue.record("seed \(seed): \(violation)")
                return
            }
            seed += Self.shards
        }
    }

    /// Plays the run of a seed, and gives what did not hold.
    private static func violation(seed: UInt64) throws -> String? {
        var random = SeededGenerator(seed: seed)
        let plan = try RandomPlan.make(&random)
        var world = HostileWorld(plan: plan, random: &random)
        var run = VirtualRun(plan: plan)
        run.prefersDeadlines = random.chance(50)
        world.plot(&run.agenda)
        let isFinished = run.run(mostInputs: 5000, in: &world)
        if let violation = world.check.violation { return violation }
        return isFinished ? nil : "not finished after \(run.inputs) inputs"
    }
}
