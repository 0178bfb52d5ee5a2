import DependencyGraph

extension Validation {
    /// Checks ids, dependencies and cycles of tasks.
    mutating func checkTasks() {
        let tasks = workflow.tasks
        guard tasks.contains(where: { !$0.id.isEmpty }) else { return }
        var known: [String: Int] = [:]
        for (position, task) in tasks.enumerated() where !task.id.isEmpty {
            if !StepID.isValid(task.id) {
                report(
                    .error(
                        "`\(Self.shown(task.id))` is no valid task id: \(Self.reason(task.id))",
                        at: task.range, help: "ids match `\(StepID.pattern)`"))
            }
            if let first = known[task.id] {
                report(
                    .error(
                        "task `\(task.id)` is declared twice", at: task.range,
                        help: another(tasks[first].range, task.range),
                        related: tasks[first].range.map {
                            [.init("first declared here", at: $0)]
                        } ?? []))
            } else {
                known[task.id] = position
            }
        }
        taskDependencies = tasks.indices.map { dependencies(ofTask: $0, known: known) }
        orderTasks()
    }

    private mutating func dependencies(ofTask position: Int, known: [String: Int]) -> [Int] {
        let tasks = workflow.tasks
        guard let declared = tasks[position].dependencies else {
            // After the task declared before it; the unnamed task of steps outside of tasks does
            // not count.
            return position > 0 && !tasks[position - 1].id.isEmpty ? [position - 1] : []
        }
        return declared.compactMap { dependency in
            let name = dependency.id.rawValue
            guard let target = known[name] else {
                report(
                    .error(
                        "task `\(tasks[position].id)` depends on an unknown task "
                            + "`\(Self.shown(name))`", at: dependency.range,
                        help: suggestion(
                            for: name, among: tasks.lazy.map(\.id).filter { !$0.isEmpty })))
                return nil
            }
            guard target != position else {
                report(
                    .error(
                        "task `\(name)` depends on itself", at: dependency.range,
                        help: "remove it from `dependencies`"))
                return nil
            }
            return target
        }
    }

    private mutating func orderTasks() {
        let edges = taskDependencies.enumerated().flatMap { task, dependencies in
            dependencies.map { (dependency: $0, dependent: task) }
        }
        do throws(GraphProblems<Int>) {
            let graph = try Graph(nodes: Array(workflow.tasks.indices), edges: edges)
            taskOrder = graph.topologicalOrder()
        } catch {
            for problem in error.problems {
                guard case .cycle(let cycle) = problem.kind else { continue }
                let names = cycle.map { workflow.tasks[$0].id }
                report(
                    .error(
                        "tasks wait for each other: \(names.joined(separator: " -> "))",
                        at: cycle.first.flatMap { workflow.tasks[$0].range },
                        help: "a task without `dependencies` runs after the one before it; "
                            + "remove one of these dependencies",
                        related: cycle.dropLast().dropFirst().compactMap { task in
                            workflow.tasks[task].range.map {
                                .init("task `\(workflow.tasks[task].id)`", at: $0)
                            }
                        }))
            }
        }
    }
}
