import DependencyGraph
import TestSupport
import WorkflowModel

@testable import Execution

extension SeededGenerator {
    /// 0 up to, and not including, a bound.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// A small workflow with all that a scheduler has to mind.
struct RandomPlan {
    private static let ids = (0..<14).map { StepID("s\($0)") }

    /// A workflow; with a policy it also says what becomes of failures.
    static func make(
        _ random: inout SeededGenerator, hasPolicy: Bool = false
    ) throws -> RunPlan {
        // Small ones are the most: an error that needs many steps is rare.
        let count = 2 + min(random.below(13), random.below(13))
        var workflow = Workflow(name: "random")
        workflow.tasks = [WorkflowTask(id: "1"), WorkflowTask(id: "2")]
        workflow.tasks[0].isParallelEnabled = !random.chance(10)
        workflow.execution.failureStrategy = random.chance(50) ? .optimistic : .pessimistic
        workflow.resources = [
            ResourceDeclaration("x", capacity: 1 + random.below(4)), ResourceDeclaration("y"),
        ]
        limit(&workflow.execution, &random)
        let usesResources = random.chance(50)
        let writes = random.chance(30)
        for number in 0..<count {
            var step = Step(id: ids[number])
            step.command = .shell("true")
            step.task = number * 2 / count
            decorate(&step, &random)
            if writes, random.chance(50) { step.outputFiles = [FilePattern("o")] }
            if usesResources { addResources(to: &step, of: workflow, &random) }
            workflow.steps.append(step)
        }
        addGroups(to: &workflow, &random)
        let edges = edges(count, &random)
        if hasPolicy { RandomPolicy.decorate(&workflow, edges: edges, &random) }
        let resolved = ResolvedWorkflow(
            workflow: workflow, graph: try Graph(nodes: Array(ids[..<count]), edges: edges),
            inferredEdges: [], conflicts: conflicts(count, &random))
        var options = options(count, &random)
        if hasPolicy { RandomPolicy.decorate(&options, of: workflow, &random) }
        var plan = try RunPlan.make(
            resolved: resolved, options: options, history: history(count, &random))
        if random.chance(15) {
            for step in 0..<count where random.chance(30) && !plan.isFinalizer(step) {
                plan.doneEarlier[step] = DoneEarlier(run: "r\(step)")
            }
        }
        if random.chance(hasPolicy ? 15 : 30) { plan.adopt(smart(for: plan, &random)) }
        return plan
    }

    /// What of a plan need not run, by looks that find anything.
    private static func smart(for plan: RunPlan, _ random: inout SeededGenerator) -> SkipPlan {
        let changes = [5, 30, 70][random.below(3)]
        let looks: [UpToDateResult] = (0..<plan.count).map { step in
            guard random.chance(changes) else { return .upToDate(run: "r\(step)") }
            let kinds: [RunReason.Kind] = [.neverSucceeded, .inputsChanged, .noInputs]
            return .due([RunReason(kinds[random.below(3)], [.init("f")])])
        }
        return SkipPlan.decide(
            random.chance(80) ? .remembered : .since("main"), graph: plan.resolved.graph,
            selected: (0..<plan.count).map { plan.selected[$0] && plan.doneEarlier[$0] == nil },
            finalizers: Set((0..<plan.count).filter { plan.isFinalizer($0) }),
            usesCache: random.chance(30), isForced: random.chance(5)
        ) { looks[$0] }
    }

    private static func limit(_ execution: inout ExecutionSettings, _ random: inout SeededGenerator)
    {
        if random.chance(12) {
            execution.runTimeout = Milliseconds(Int64(50 + random.below(50) * 10))
        }
        if random.chance(10) {
            execution.idleTimeout = Milliseconds(Int64(20 + random.below(10) * 10))
        }
        execution.barriers = random.chance(25)
        if random.chance(50) {
            execution.phaseTimeout = Milliseconds(Int64(20 + random.below(20) * 20))
        }
    }

    private static func decorate(_ step: inout Step, _ random: inout SeededGenerator) {
        step.isCritical = random.chance(40)
        step.allowsFailure = random.chance(15)
        step.isParallelSafe = !random.chance(10)
        step.leftovers = LeftoverPolicy.allCases[random.below(3)]
        step.grace = Milliseconds(Int64(random.below(11) * 10))
        if random.chance(15) { step.idleTimeout = Milliseconds(Int64(random.below(12) * 10)) }
        if random.chance(20) { step.timeout = Milliseconds(Int64(10 + random.below(15) * 10)) }
    }

    private static func addResources(
        to step: inout Step, of workflow: Workflow, _ random: inout SeededGenerator
    ) {
        for resource in workflow.resources where random.chance(40) {
            step.resources.append(
                ResourceUse(resource.name, units: 1 + random.below(resource.capacity)))
        }
        if random.chance(5) { step.resources.append(ResourceUse("undeclared")) }
    }

    private static func addGroups(to workflow: inout Workflow, _ random: inout SeededGenerator) {
        guard random.chance(40) else { return }
        workflow.parallelGroups = ["g", "h"].map { name in
            var group = ParallelGroup(name)
            group.failureStrategy = [nil, .optimistic, .pessimistic, .pessimistic][random.below(4)]
            group.maxParallelSteps = random.chance(40) ? 1 + random.below(3) : nil
            return group
        }
        for step in workflow.steps.indices {
            workflow.steps[step].parallelGroup = ["g", "h", "plain", nil][random.below(4)]
        }
    }

    private static func edges(
        _ count: Int, _ random: inout SeededGenerator
    ) -> [(dependency: Int, dependent: Int)] {
        let density = [5, 15, 30][random.below(3)]
        var edges: [(dependency: Int, dependent: Int)] = []
        for dependent in 1..<count {
            for dependency in 0..<dependent where random.chance(density) {
                edges.append((dependency, dependent))
            }
        }
        // Declaration order is no order of the graph.
        return random.chance(30)
            ? edges.map { (count - 1 - $0.dependency, count - 1 - $0.dependent) } : edges
    }

    private static func conflicts(
        _ count: Int, _ random: inout SeededGenerator
    ) -> [OutputConflict] {
        (0..<[0, 0, 1, 4][random.below(4)]).compactMap { _ in
            let first = random.below(count)
            let second = random.below(count)
            return first < second ? OutputConflict(first: first, second: second, path: "o") : nil
        }
    }

    private static func options(_ count: Int, _ random: inout SeededGenerator) -> RunOptions {
        var options = RunOptions()
        options.jobs = 1 + random.below(5)
        options.keepGoing = random.chance(30)
        options.grace = Milliseconds(50)
        // Never all: that is an error.
        if random.chance(20) { options.skip = [ids[random.below(count)]] }
        return options
    }

    private static func history(
        _ count: Int, _ random: inout SeededGenerator
    ) -> [StepID: Milliseconds] {
        guard random.chance(30) else { return [:] }
        return [ids[random.below(count)]: Milliseconds(Int64(random.below(100)))]
    }
}
