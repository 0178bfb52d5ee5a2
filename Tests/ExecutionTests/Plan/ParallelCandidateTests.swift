import DependencyGraph
import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("RunPlan: what would be parallel")
struct ParallelCandidateTests {
    private static func ids(
        _ build: (inout PlanBuilder) -> Void
    ) throws -> [String] {
        var builder = PlanBuilder(jobs: nil)
        build(&builder)
        let plan = try builder.plan()
        return plan.wouldBeParallel.map { plan.resolved.graph.nodes[$0].rawValue }
    }

    @Test("steps of a phase that could share the time, and no others")
    func phases() throws {
        let ids = try Self.ids { builder in
            for id in ["api", "graph", "coverage"] { builder.step(id) }
            builder.step("report", after: ["api", "graph", "coverage"])
            builder.step("validate", after: ["report"])
        }
        #expect(ids == ["api", "graph", "coverage"])
    }

    @Test("a step that runs alone, or that is left out, is beside nobody")
    func alone() throws {
        #expect(
            try Self.ids { builder in
                builder.step("a")
                builder.step("b") { $0.isParallelSafe = false }
                builder.step("c")
                builder.options.skip = [StepID("c")]
            } == [])
    }

    @Test("they are told in sets, of which those that conflict are never one")
    func sets() throws {
        var builder = PlanBuilder(jobs: nil)
        for id in ["a", "b", "c"] { builder.step(id) }
        builder.conflict(0, 1)
        builder.step("d", after: ["c"])
        builder.step("e", after: ["c"])
        #expect(try builder.plan().parallelSets(atMost: 9) == [[0, 2], [1, 2], [3, 4]])
        #expect(try builder.plan().parallelSets(atMost: 1) == [[0, 2]])
    }

    @Test("a conflict and a resource of one unit keep steps apart, one of two units does not")
    func apart() throws {
        #expect(
            try Self.ids { builder in
                builder.step("a")
                builder.step("b")
                builder.conflict(0, 1)
            } == [])
        for (capacity, expected) in [(1, []), (2, ["a", "b"])] {
            let ids = try Self.ids { builder in
                builder.workflow.resources = [ResourceDeclaration("db", capacity: capacity)]
                builder.step("a") { $0.resources = [ResourceUse("db")] }
                builder.step("b") { $0.resources = [ResourceUse("db")] }
            }
            #expect(ids == expected)
        }
        #expect(
            try Self.ids { builder in
                builder.step("a") { $0.resources = [ResourceUse("db"), ResourceUse("own")] }
                builder.step("b") { $0.resources = [ResourceUse("db")] }
                builder.step("c") { $0.resources = [ResourceUse("other")] }
            } == ["a", "b", "c"])
    }

    @Test("finalizers that depend on each other come one after the other, those beside them do not")
    func finalizers() throws {
        func ids(_ others: [String]) throws -> [String] {
            try Self.ids { builder in
                builder.step("build")
                builder.step("stop") { $0.gating.always = true }
                builder.step("report", after: ["stop"]) { $0.gating.always = true }
                for id in others { builder.step(id, after: ["build"]) { $0.gating.always = true } }
            }
        }
        #expect(try ids([]) == [])
        #expect(try ids(["notify"]) == ["stop", "notify"])
    }

    @Test("a run that is parallel has none, one that was to be and may not has")
    func mode() throws {
        var builder = PlanBuilder(jobs: 4)
        builder.step("a")
        builder.step("b")
        #expect(try builder.plan().wouldBeParallel == [])
        builder.workflow.execution.isParallelEnabled = false
        let plan = try builder.plan()
        #expect(plan.wouldBeParallel == [0, 1])
        #expect(plan.warnings == ["Parallel execution disabled, using sequential mode"])
        let header = plan.header(
            runID: "r", startedAt: WallTime(microseconds: 0), pid: 1, bootID: "")
        #expect(header.steps.map(\.wouldBeParallel) == [true, true])
    }

    @Test("it is what a look at every pair says", arguments: 0..<300)
    func everyPair(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let resolved = try RandomPlan.make(&random).resolved
        let plan = try RunPlan.make(resolved: resolved, options: RunOptions())
        let steps = resolved.workflow.steps
        func units(_ step: Int, _ resource: Int) -> Int {
            plan.claims(of: step).filter { Int($0.resource) == resource }
                .reduce(0) { $0 + Int($1.units) }
        }
        let expected = steps.indices.filter { a in
            steps.indices.contains { b in
                a != b && steps[a].task == steps[b].task && plan.phases[a] == plan.phases[b]
                    && steps[a].isParallelSafe && steps[b].isParallelSafe
                    && !resolved.conflicts.contains {
                        [Int($0.first), Int($0.second)] == [min(a, b), max(a, b)]
                    }
                    && plan.resources.indices.allSatisfy { resource in
                        let sum = units(a, resource) + units(b, resource)
                        return units(a, resource) == 0 || units(b, resource) == 0
                            || sum <= plan.resources[resource].capacity
                    }
            }
        }
        #expect(plan.wouldBeParallel == expected)
        // Told in sets: of each all could run at once, and nobody is left out.
        let sets = plan.parallelSets(atMost: 100)
        #expect(Set(sets.joined()) == Set(expected))
        for set in sets {
            #expect(set.count > 1)
            for conflict in resolved.conflicts {
                #expect(!set.contains(Int(conflict.first)) || !set.contains(Int(conflict.second)))
            }
            for resource in plan.resources.indices {
                let sum = set.reduce(0) { $0 + units($1, resource) }
                #expect(sum <= plan.resources[resource].capacity)
            }
        }
    }
}
