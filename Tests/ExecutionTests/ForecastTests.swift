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
}
