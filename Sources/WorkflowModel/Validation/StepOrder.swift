extension Validation {
    /// Orders the steps of a task that states no order: each after the one before it.
    ///
    /// The instances of a `foreach` count as one step.
    mutating func addStepOrder() {
        guard workflow.tasks.contains(where: \.isSequence) else { return }
        var seen = Set(edges.map(\.key))
        var groups: [Int: Range<Int>] = [:]
        for group in workflow.groups { groups[group.members.lowerBound] = group.members }
        var last: [Int: Range<Int>] = [:]
        var position = 0
        let limit = edges.count + Self.taskEdgeLimit
        while position < workflow.steps.count {
            let unit = groups[position] ?? position..<position + 1
            let task = workflow.steps[position].task
            defer { position = max(unit.upperBound, position + 1) }
            guard workflow.tasks.indices.contains(task), workflow.tasks[task].isSequence,
                !workflow.steps[position].isFinalizer
            else { continue }
            let before = last.updateValue(unit, forKey: task) ?? 0..<0
            guard edges.count + before.count * unit.count <= limit else {
                report(
                    .error(
                        "the order of the steps of task `\(workflow.tasks[task].id)` gives more "
                            + "than \(Self.taskEdgeLimit) dependencies",
                        at: workflow.steps[position].range,
                        help: "put a step between, or declare `dependencies`"))
                return
            }
            for dependent in unit {
                for dependency in before {
                    let edge = Edge(
                        dependency: Int32(truncatingIfNeeded: dependency),
                        dependent: Int32(truncatingIfNeeded: dependent), reason: .stepOrder)
                    if seen.insert(edge.key).inserted { edges.append(edge) }
                }
            }
        }
    }
}
