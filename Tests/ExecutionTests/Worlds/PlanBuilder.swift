import DependencyGraph
import WorkflowModel

@testable import Execution

/// A workflow in a few words: `step("b", after: ["a"]) { $0.isCritical = false }`.
struct PlanBuilder {
    var workflow = Workflow(name: "test")
    var conflicts: [OutputConflict] = []
    /// Edges that only order, as between the steps of a task that says nothing of it.
    var stepOrder: [WorkflowEdge] = []
    var options = RunOptions()
    var history: [StepID: Milliseconds] = [:]

    init(jobs: Int? = 2) {
        options.jobs = jobs
        workflow.tasks = [WorkflowTask(id: "")]
    }

    mutating func step(
        _ id: String, after dependencies: [String] = [], ms: Int64? = nil,
        _ change: (inout Step) -> Void = { _ in }
    ) {
        var step = Step(id: StepID(id))
        step.command = .arguments(["true"])
        step.dependencies = dependencies.map { Dependency(StepID($0)) }
        change(&step)
        workflow.steps.append(step)
        if let ms { history[step.id] = Milliseconds(ms) }
    }

    /// A step that comes after the one before it, whatever becomes of that.
    mutating func next(_ id: String, _ change: (inout Step) -> Void = { _ in }) {
        let last = workflow.steps.count - 1
        step(id, after: [workflow.steps[last].id.rawValue], change)
        stepOrder.append(
            WorkflowEdge(dependency: last, dependent: last + 1, origin: .stepOrder))
    }

    mutating func conflict(_ a: Int, _ b: Int) {
        conflicts.append(OutputConflict(first: a, second: b, path: "out"))
    }

    func resolved() throws -> ResolvedWorkflow {
        let graph = try Graph(
            validating: workflow.steps.map { ($0.id, $0.dependencies.map(\.id)) })
        return ResolvedWorkflow(
            workflow: workflow, graph: graph, inferredEdges: stepOrder, conflicts: conflicts)
    }

    func plan() throws -> RunPlan {
        try RunPlan.make(resolved: resolved(), options: options, history: history)
    }
}

extension PlanBuilder {
    /// The fifteen steps of the `mixed` workload, each with its time in milliseconds.
    static func mixed(jobs: Int, hasHistory: Bool = true) -> PlanBuilder {
        let group1 = ["1", "3", "4", "5", "8", "13", "14"]
        let steps: [(id: String, ms: Int64, after: [String])] = [
            ("0", 5, []), ("1", 50, ["0"]), ("3", 30, ["0"]), ("4", 20, ["0"]), ("5", 20, ["0"]),
            ("8", 10, ["0"]), ("13", 10, ["0"]), ("14", 10, ["0"]), ("2", 10, ["1"]),
            ("6", 15, group1), ("7", 15, ["6"]), ("9", 10, ["2", "7"]), ("10", 10, ["2", "7"]),
            ("12", 5, ["2", "7"]), ("11", 10, ["9", "10", "12"]),
        ]
        var builder = PlanBuilder(jobs: jobs)
        for step in steps {
            builder.step(step.id, after: step.after, ms: hasHistory ? step.ms : nil)
        }
        return builder
    }

    /// The times of ``mixed(jobs:hasHistory:)``, by step.
    static let mixedTimes = [5, 50, 30, 20, 20, 10, 10, 10, 10, 15, 15, 10, 10, 5, 10]
        .map { Milliseconds(Int64($0)) }
}
