import Testing
import WorkflowModel

@testable import Execution

@Suite("Forecast")
struct ForecastTests {
    @Test("the mixed workload takes its optimum", arguments: [(1, 230), (2, 140), (8, 105)])
    func mixed(jobs: Int, expected: Int64) throws {
        let forecast = try #require(try PlanBuilder.mixed(jobs: jobs).plan().simulate())
        #expect(forecast.wall == Milliseconds(expected))
        #expect(forecast.sum == Milliseconds(230))
        #expect(forecast.criticalPathLength == Milliseconds(105))
    }

    @Test("what if counts by another limit")
    func whatIf() throws {
        let plan = try PlanBuilder.mixed(jobs: 1).plan()
        #expect(plan.simulate(limit: 2)?.wall == Milliseconds(140))
        #expect(plan.simulate(limit: 8)?.wall == Milliseconds(105))
    }

    @Test("hop counts alone reach the optimum of the mixed workload too")
    func hopsAlone() throws {
        for (jobs, expected): (Int, Int64) in [(2, 140), (8, 105)] {
            let plan = try PlanBuilder.mixed(jobs: jobs, hasHistory: false).plan()
            #expect(plan.simulate() == nil)
            var run = VirtualRun(plan: plan)
            var world = PunctualWorld(durations: PlanBuilder.mixedTimes)
            #expect(run.run(maxInputs: 100, in: &world))
            #expect(run.now.milliseconds == expected)
        }
    }

    @Test("limits do not count, and what is left out takes no time")
    func limitsAndSelection() throws {
        var builder = PlanBuilder(jobs: 2)
        builder.step("a", ms: 100) { $0.timeout = Milliseconds(10) }
        builder.step("left", after: ["a"], ms: 1000)
        builder.step("c", after: ["left"], ms: 50)
        builder.options.skip = [StepID("left")]
        let forecast = try #require(try builder.plan().simulate())
        #expect(forecast.wall == Milliseconds(150))
        #expect(forecast.sum == Milliseconds(150))
        #expect(forecast.criticalPath == [0, 2])
    }

    @Test("steps that were never measured add nothing, and are counted")
    func unmeasured() throws {
        var builder = PlanBuilder(jobs: 2)
        builder.step("a", ms: 100)
        builder.step("b", ms: 40)
        builder.step("new", after: ["a"])
        let plan = try builder.plan()
        let forecast = try #require(plan.simulate())
        #expect(forecast.unmeasuredCount == 1)
        #expect(forecast.sum == Milliseconds(140))
        #expect(forecast.wall == Milliseconds(100))
        #expect(forecast.criticalPathLength == Milliseconds(100))
        #expect(forecast.criticalPath == [0, 2])
        #expect(plan.measured(of: 1) == Milliseconds(40))
        #expect(plan.measured(of: 2) == nil)
    }

    @Test("given durations are taken instead of recorded ones, and resources are minded")
    func given() throws {
        var builder = PlanBuilder(jobs: 2)
        for id in ["a", "b"] { builder.step(id) { $0.resources = [ResourceUse("db")] } }
        let plan = try builder.plan()
        #expect(plan.simulate() == nil)
        let forecast = plan.simulate(durations: [Milliseconds(7), Milliseconds(8)])
        #expect(forecast?.wall == Milliseconds(15))
        #expect(forecast?.limit == 2)
    }
}

/// Every step takes its time, and nothing fails.
struct PunctualWorld: VirtualWorld {
    let durations: [Milliseconds]

    mutating func admits(_ input: SchedulerInput, at now: RunTime) -> Bool { true }

    mutating func perform(
        _ action: SchedulerAction, at now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        guard case .launch(let step, _, _, _, _) = action else { return }
        agenda.add(.started(step: step, pid: 1, startTicks: 1), at: now)
        agenda.add(
            .leaderExited(step: step, exit: .exited(0), usage: nil, leftovers: []),
            at: now.advanced(byNanoseconds: durations[step].nanoseconds))
    }
}
