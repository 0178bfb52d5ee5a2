extension Validation {
    /// Adds the edges of `dependencies`; each must name an existing step other than its own.
    mutating func addDeclaredEdges() {
        edges.reserveCapacity(workflow.steps.count)
        for position in workflow.steps.indices {
            let count = workflow.steps[position].dependencies.count
            for number in 0..<count {
                let id = workflow.steps[position].dependencies[number].id
                guard let target = index.find(id, in: workflow.steps) else {
                    if !addEdges(toGroup: id, from: position, number: number) {
                        reportUnknown(id, of: position, number: number)
                    }
                    continue
                }
                guard target != position else {
                    report(
                        .error(
                            "step `\(id)` depends on itself",
                            at: workflow.steps[position].dependencies[number].range,
                            help: "remove it from `dependencies`"))
                    continue
                }
                edges.append(
                    Edge(
                        dependency: Int32(truncatingIfNeeded: target),
                        dependent: Int32(truncatingIfNeeded: position),
                        reason: .declared(dependency: Int32(truncatingIfNeeded: number))))
            }
        }
        declaredEdgeCount = edges.count
    }

    private mutating func reportUnknown(_ id: StepID, of position: Int, number: Int) {
        let step = workflow.steps[position]
        let local = qualified(id.rawValue, asIn: position)
        let help =
            if let local, index.find(local, in: workflow.steps) != nil {
                "for step \(id) of this task write `\(local)`, or the number without quotes"
            } else {
                suggestion(for: id, of: step.id)
            }
        report(
            .error(
                "step `\(step.id)` depends on an unknown step `\(Self.shown(id.rawValue))`",
                at: step.dependencies[number].range, help: help))
    }

    /// The full id of a name inside a step's task; nil outside of tasks.
    func qualified(_ name: String, asIn position: Int) -> StepID? {
        let task = workflow.steps[position].task
        guard workflow.tasks.indices.contains(task), !workflow.tasks[task].id.isEmpty else {
            return nil
        }
        return StepID(workflow.tasks[task].id + "." + name)
    }
}
