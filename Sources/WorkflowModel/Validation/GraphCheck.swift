import DependencyGraph

extension Validation {
    /// The graph of all edges, or nil after every cycle has been reported.
    mutating func makeGraph() -> Graph<StepID>? {
        let nodes = workflow.steps.map(\.id)
        let pairs = edges.map { (dependency: Int($0.dependency), dependent: Int($0.dependent)) }
        do throws(GraphProblems<StepID>) {
            return try Graph(nodes: nodes, edges: pairs)
        } catch {
            for problem in error.problems {
                // Repeated ids were reported, with their places, by the check of ids.
                guard case .cycle(let cycle) = problem.kind else { continue }
                reportCycle(cycle, along: problem.places.compactMap(\.dependency).map { edges[$0] })
            }
            return nil
        }
    }

    private mutating func reportCycle(_ cycle: [StepID], along edges: [Edge]) {
        let path = cycle.map(\.rawValue).joined(separator: " -> ")
        let inferred = edges.filter { if case .inferred = $0.reason { true } else { false } }
        let related = edges.flatMap(places)
        guard inferred.isEmpty else {
            report(
                .error(
                    "an inferred dependency closes a cycle: \(path)",
                    at: inferred.first.flatMap { places(of: $0).first?.range },
                    help: "remove one of the inputs, outputs or dependencies below, or exclude an "
                        + "output from the inputs, as `\"!PATH\"`",
                    related: related))
            return
        }
        report(
            .error(
                "steps wait for each other: \(path)", at: related.first?.range,
                help: "remove one of these dependencies", related: Array(related.dropFirst())))
    }

    /// The places in the file that cause an edge, with a text for each.
    private func places(of edge: Edge) -> [Diagnostic.Related] {
        let step = workflow.steps[Int(edge.dependent)]
        let other = workflow.steps[Int(edge.dependency)]
        func place(_ message: String, _ range: SourceRange?) -> [Diagnostic.Related] {
            range.map { [.init(message, at: $0)] } ?? []
        }
        switch edge.reason {
        case .declared(let number):
            return place(
                "`\(step.id)` depends on `\(other.id)`", step.dependencies[Int(number)].range)
        case .inferred(let input, let output):
            let read = step.inputs[Int(input)]
            let written = other.outputFiles[Int(output)]
            return place("`\(step.id)` reads `\(read.text)`", read.range)
                + place("`\(other.id)` writes `\(written.text)`", written.range)
        case .condition:
            return place(
                "the condition of `\(step.id)` names `\(other.id)`", step.gating.conditionRange)
        case .stepOrder:
            return place(
                "`\(step.id)` comes after `\(other.id)`, since no step of task "
                    + "`\(workflow.tasks[step.task].id)` declares `dependencies`", step.range)
        case .taskOrder:
            let tasks = workflow.tasks
            return place(
                "task `\(tasks[step.task].id)` runs after task `\(tasks[other.task].id)`",
                tasks[step.task].range)
        }
    }

    /// The edges that `dependencies` does not state, ordered by dependent and then by dependency.
    func undeclaredEdges() -> [WorkflowEdge] {
        edges[declaredEdgeCount...].sorted { $0.key < $1.key }.map { edge in
            WorkflowEdge(
                dependency: Int(edge.dependency), dependent: Int(edge.dependent),
                origin: origin(of: edge))
        }
    }

    private func origin(of edge: Edge) -> EdgeOrigin {
        switch edge.reason {
        case .declared: .declared
        case .condition: .condition
        case .taskOrder: .taskOrder
        case .stepOrder: .stepOrder
        case .inferred(let input, let output):
            .inferred(
                path: Self.common(
                    workflow.steps[Int(edge.dependency)].outputFiles[Int(output)].text,
                    workflow.steps[Int(edge.dependent)].inputs[Int(input)].text))
        }
    }

    /// Of two patterns with a common file, the one that names it: a path before a pattern.
    static func common(_ first: String, _ second: String) -> String {
        if !Glob.needsCompiling(first) {
            let first = Glob.normalized(first)
            // A file before the directory that contains it.
            guard !Glob.needsCompiling(second), Glob.isInside(second, directory: first) else {
                return first
            }
        }
        if !Glob.needsCompiling(second) { return Glob.normalized(second) }
        return first
    }
}
