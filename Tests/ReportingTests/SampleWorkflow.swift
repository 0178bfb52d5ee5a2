import DependencyGraph
import WorkflowModel

/// Workflows for pictures, resolved without a file.
enum SampleWorkflow {
    /// Steps by id and description, in one task each where `tasks` says so.
    static func resolved(
        _ steps: [(id: String, description: String)], edges: [(Int, Int)],
        inferred: [WorkflowEdge] = [], conflicts: [OutputConflict] = [], alone: Set<Int> = [],
        tasks: [Int] = []
    ) throws -> ResolvedWorkflow {
        var workflow = Workflow(name: "sample")
        for (index, item) in steps.enumerated() {
            var step = Step(id: StepID(item.id))
            step.description = item.description
            step.isParallelSafe = !alone.contains(index)
            step.task = tasks.isEmpty ? 0 : tasks[index]
            workflow.steps.append(step)
        }
        let count = (tasks.max() ?? 0) + 1
        workflow.tasks = (0..<count).map { number in
            var task = WorkflowTask(id: count == 1 ? "" : "\(number + 1)")
            task.description = count == 1 ? "" : "work \(number + 1)"
            return task
        }
        let all = edges + inferred.map { (Int($0.dependency), Int($0.dependent)) }
        let graph = try Graph(nodes: workflow.steps.map(\.id), edges: all)
        return ResolvedWorkflow(
            workflow: workflow, graph: graph, inferredEdges: inferred, conflicts: conflicts)
    }

    /// Every kind of edge and mark.
    static func typical() throws -> ResolvedWorkflow {
        try resolved(
            [
                ("scan", "Find the \"files\""), ("api", ""), ("docs", "Write docs"),
                ("link", "Check links"), ("push", "Publish"),
            ],
            edges: [(0, 1), (0, 2), (0, 4), (3, 4)],
            inferred: [
                WorkflowEdge(
                    dependency: 1, dependent: 2, origin: .inferred(path: "docs/api.md")),
                WorkflowEdge(dependency: 2, dependent: 4, origin: .condition),
            ],
            conflicts: [OutputConflict(first: 1, second: 3, path: "docs/api.md")], alone: [3])
    }
}
