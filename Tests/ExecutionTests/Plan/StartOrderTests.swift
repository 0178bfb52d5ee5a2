import DependencyGraph
import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("StartOrder: a shuffled run")
struct StartOrderTests {
    private static func plan(_ seed: UInt64, jobs: Int?, shuffled: UInt64) throws -> RunPlan {
        var random = SeededGenerator(seed: seed)
        let resolved = try RandomPlan.make(&random).resolved.withoutLimits
        var options = RunOptions()
        options.jobs = jobs
        options.keepGoing = true
        options.startOrder = .shuffled(seed: shuffled)
        return try RunPlan.make(resolved: resolved, options: options)
    }

    @Test("each order names every step once, after all that it depends on", arguments: 0..<300)
    func legal(seed: Int) throws {
        let plan = try Self.plan(UInt64(seed), jobs: nil, shuffled: UInt64(seed) &* 977)
        let order = plan.order.steps.map { Int($0) }
        #expect(order.sorted() == Array(0..<plan.count))
        for (rank, step) in order.enumerated() {
            #expect(Int(plan.order.ranks[step]) == rank)
            for dependency in plan.resolved.graph.dependencies(of: step) {
                #expect(plan.order.ranks[dependency] < rank)
            }
        }
    }

    @Test("a run keeps to it, one at a time and side by side", arguments: 0..<150)
    func kept(seed: Int) throws {
        for jobs in [nil, 3] {
            let plan = try Self.plan(UInt64(seed), jobs: jobs, shuffled: 5)
            let played = try #require(OrderWorld.play(plan, seed: 1, failures: 0))
            #expect(played.violation == nil)
            // Side by side, and with a step that waits for no slot, what is free decides too.
            if jobs == nil { #expect(played.started == plan.startSequence) }
        }
    }

    @Test("an equal seed gives an equal order, and another seed mostly another")
    func reproducible() throws {
        var builder = PlanBuilder(jobs: nil)
        for step in 0..<12 { builder.step("s\(step)") }
        var orders: Set<[Int]> = []
        for seed in 0..<50 as Range<UInt64> {
            builder.options.startOrder = .shuffled(seed: seed)
            let first = try builder.plan().startSequence
            #expect(try builder.plan().startSequence == first)
            let played = try #require(OrderWorld.play(builder.plan(), seed: seed, failures: 0))
            #expect(played.started == first)
            orders.insert(first)
        }
        #expect(orders.count > 45)
    }

    @Test("the order of a seed is the same in every version")
    func lasting() throws {
        var builder = PlanBuilder(jobs: nil)
        for step in 0..<8 { builder.step("s\(step)") }
        builder.options.startOrder = .shuffled(seed: 42)
        #expect(try builder.plan().startSequence == [5, 1, 6, 7, 0, 2, 3, 4])
    }

    @Test("every order that a graph allows comes about")
    func whole() throws {
        var builder = PlanBuilder(jobs: nil)
        builder.step("a")
        builder.step("b", after: ["a"])
        builder.step("c")
        var orders: Set<[Int]> = []
        for seed in 0..<100 as Range<UInt64> {
            builder.options.startOrder = .shuffled(seed: seed)
            orders.insert(try builder.plan().startSequence)
        }
        #expect(orders == [[0, 1, 2], [0, 2, 1], [2, 0, 1]])
    }

    @Test("the header holds the seed, and the journal gives it back")
    func recorded() throws {
        var builder = PlanBuilder(jobs: nil)
        builder.step("a")
        builder.step("b")
        let most: UInt64 = (1 << 53) - 1
        builder.options.startOrder = .shuffled(seed: most)
        let header = try builder.plan().header(
            runID: "r1", startedAt: WallTime(microseconds: 0), pid: 1, bootID: "")
        #expect(header.seed == most)
        #expect(header.steps.map(\.wouldBeParallel) == [true, true])
        let journal = try JournalReader.read(
            RunRecordSample.journal(header, [RunEvent(.runStarted(header), at: .zero)]))
        #expect(journal.header == header)
    }
}

extension ResolvedWorkflow {
    /// The same with time for everything.
    fileprivate var withoutLimits: ResolvedWorkflow {
        var workflow = workflow
        workflow.execution.runTimeout = nil
        workflow.execution.idleTimeout = nil
        workflow.execution.phaseTimeout = nil
        for step in workflow.steps.indices {
            workflow.steps[step].timeout = nil
            workflow.steps[step].idleTimeout = nil
        }
        return ResolvedWorkflow(
            workflow: workflow, graph: graph, inferredEdges: inferredEdges, conflicts: conflicts)
    }
}
