extension Validation {
    /// The largest number of edges from the order of tasks.
    static let taskEdgeLimit = 4_000_000

    /// Makes the first steps of a task wait for the last steps of the tasks before it.
    mutating func addTaskEdges() {
        guard taskOrder.count == workflow.tasks.count, taskOrder.count > 1 else { return }
        var (sources, sinks) = endsOfTasks()
        var seen = Set<UInt64>()
        for edge in edges where taskOf(edge.dependency) != taskOf(edge.dependent) {
            seen.insert(edge.key)
        }
        let limit = edges.count + Self.taskEdgeLimit
        for task in taskOrder {
            let before = taskDependencies[task].flatMap { sinks[$0] }
            // A task without steps passes on what it would have waited for.
            if sinks[task].isEmpty {
                sinks[task] = before
                continue
            }
            guard edges.count + before.count * sources[task].count <= limit else {
                report(
                    .error(
                        "the order of the tasks gives more than \(Self.taskEdgeLimit) "
                            + "dependencies", at: workflow.tasks[task].range,
                        help: "end the task before with a step that depends on its others"))
                return
            }
            for dependent in sources[task] {
                for dependency in before {
                    let edge = Edge(
                        dependency: dependency, dependent: dependent, reason: .taskOrder)
                    if seen.insert(edge.key).inserted { edges.append(edge) }
                }
            }
            sources[task] = []
        }
    }

    /// For each task, the steps that wait for none of its steps, and the steps for which none
    /// waits.
    private func endsOfTasks() -> (sources: [[Int32]], sinks: [[Int32]]) {
        var waits = [Bool](repeating: false, count: workflow.steps.count)
        var isAwaited = waits
        // Finalizers wait for the end of all tasks, so the order of tasks does not concern them.
        for edge in edges
        where taskOf(edge.dependency) == taskOf(edge.dependent) && !isFinalizer(edge.dependent) {
            waits[Int(edge.dependent)] = true
            isAwaited[Int(edge.dependency)] = true
        }
        var sources = [[Int32]](repeating: [], count: workflow.tasks.count)
        var sinks = sources
        for position in workflow.steps.indices {
            let task = workflow.steps[position].task
            guard workflow.tasks.indices.contains(task), !workflow.steps[position].isFinalizer
            else { continue }
            if !waits[position] { sources[task].append(Int32(truncatingIfNeeded: position)) }
            if !isAwaited[position] { sinks[task].append(Int32(truncatingIfNeeded: position)) }
        }
        return (sources, sinks)
    }

    private func taskOf(_ step: Int32) -> Int { workflow.steps[Int(step)].task }
}
