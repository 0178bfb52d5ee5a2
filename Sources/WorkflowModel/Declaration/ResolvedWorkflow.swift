public import DependencyGraph

/// Where an edge of the graph comes from.
public enum EdgeOrigin: Hashable, Sendable {
    /// `dependencies` names it.
    case declared
    /// An input of the dependent matches this output of the dependency.
    case inferred(path: String)
    /// A condition names the step.
    case condition
    /// The order of the tasks.
    case taskOrder
    /// The order of the steps in a task that states no order itself. Such an edge only orders:
    /// after a failure that halts nothing, the later step runs all the same.
    case stepOrder
}

/// Why a step waits for another: indices into ``Workflow/steps``.
public struct WorkflowEdge: Hashable, Sendable {
    /// The step that comes first.
    public var dependency: Int32
    /// The step that waits.
    public var dependent: Int32
    /// Why the edge exists; the first of several reasons in the order of ``EdgeOrigin``.
    public var origin: EdgeOrigin

    /// An edge.
    public init(dependency: Int, dependent: Int, origin: EdgeOrigin) {
        self.dependency = Int32(truncatingIfNeeded: dependency)
        self.dependent = Int32(truncatingIfNeeded: dependent)
        self.origin = origin
    }
}

/// Two steps that write the same file and are not ordered by the graph.
public struct OutputConflict: Hashable, Sendable {
    /// Index of the step declared first.
    public var first: Int32
    /// Index of the other.
    public var second: Int32
    /// The file, or the pattern that both match.
    public var path: String

    /// A conflict.
    public init(first: Int, second: Int, path: String) {
        self.first = Int32(truncatingIfNeeded: first)
        self.second = Int32(truncatingIfNeeded: second)
        self.path = path
    }
}

/// A valid workflow with its graph, from which everything else is derived.
public final class ResolvedWorkflow: Sendable {
    /// What was declared.
    public let workflow: Workflow
    /// Node `i` is `workflow.steps[i]`.
    public let graph: Graph<StepID>
    /// The edges that no `dependencies` states, with their origin.
    public let inferredEdges: [WorkflowEdge]
    /// Pairs that must not run at the same time.
    public let conflicts: [OutputConflict]
    /// Pairs of steps that write the same output in order, the earlier step first.
    public let rewrites: [OutputConflict]
    /// Unordered pairs in which one step modifies a file that the other reads; the modifier is
    /// first.
    public let looseReads: [OutputConflict]
    /// The conditions by step index, with the full ids of the steps that they name.
    public let conditions: [Int: ConditionExpression]

    /// Makes the value from what validation found.
    public init(
        workflow: Workflow, graph: Graph<StepID>, inferredEdges: [WorkflowEdge],
        conflicts: [OutputConflict], rewrites: [OutputConflict] = [],
        looseReads: [OutputConflict] = [], conditions: [Int: ConditionExpression] = [:]
    ) {
        self.rewrites = rewrites
        self.looseReads = looseReads
        self.workflow = workflow
        self.graph = graph
        self.inferredEdges = inferredEdges
        self.conflicts = conflicts
        self.conditions = conditions
    }

    /// The sentence that describes a conflict.
    public func message(for conflict: OutputConflict) -> String {
        let first = workflow.steps[Int(conflict.first)].id
        let second = workflow.steps[Int(conflict.second)].id
        return "Steps \(first) and \(second) cannot run in parallel "
            + "(shared output: \(conflict.path))"
    }
}
