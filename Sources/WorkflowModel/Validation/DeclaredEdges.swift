extension Validation {
    /// `dependencies`: what they name exists, and is another step.
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
                suggestion(for: id)
            }
        report(
            .error(
                "step `\(step.id)` depends on an unknown step `\(Self.shown(id.rawValue))`",
                at: step.dependencies[number].range, help: help))
    }

    /// The id that a name has inside a step's task; nil outside of tasks.
    func qualified(_ name: String, asIn position: Int) -> StepID? {
        let task = workflow.steps[position].task
        guard workflow.tasks.indices.contains(task), !workflow.tasks[task].id.isEmpty else {
            return nil
        }
        return StepID(workflow.tasks[task].id + "." + name)
    }

    /// A condition waits for each step that it names.
    mutating func addConditionEdges() {
        for position in workflow.steps.indices {
            guard let condition = workflow.steps[position].gating.condition else { continue }
            var seen = Set<Int>()
            for name in ConditionNames.scan(condition) {
                guard let target = resolve(name, in: position) else {
                    if reportGroup(namedBy: name, in: position) { continue }
                    let id = StepID(name.text)
                    report(
                        .error(
                            "the condition of step `\(workflow.steps[position].id)` names an "
                                + "unknown step `\(Self.shown(name.text))`",
                            at: workflow.steps[position].gating.conditionRange,
                            help: suggestion(for: id)))
                    continue
                }
                guard target != position else {
                    report(
                        .error(
                            "the condition of step `\(workflow.steps[position].id)` names the "
                                + "step itself",
                            at: workflow.steps[position].gating.conditionRange,
                            help: "a condition is looked at before its step runs"))
                    continue
                }
                guard seen.insert(target).inserted else { continue }
                edges.append(
                    Edge(
                        dependency: Int32(truncatingIfNeeded: target),
                        dependent: Int32(truncatingIfNeeded: position), reason: .condition))
            }
        }
    }

    private func resolve(_ name: ConditionNames.Name, in position: Int) -> Int? {
        for id in candidates(for: name, in: position) {
            if let found = index.find(id, in: workflow.steps) { return found }
        }
        return nil
    }

    /// The ids that a name in a condition may mean, the likeliest first.
    func candidates(for name: ConditionNames.Name, in position: Int) -> [StepID] {
        var candidates = [StepID(name.text)]
        if let local = qualified(name.text, asIn: position) { candidates.append(local) }
        // `step2_output` is the result of a step `step2`, or else of step 2.
        if name.isOutput, name.text.hasPrefix("step") {
            let number = String(name.text.dropFirst(4))
            if !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                if let local = qualified(number, asIn: position) { candidates.append(local) }
                candidates.append(StepID(number))
            }
        }
        return candidates
    }
}
