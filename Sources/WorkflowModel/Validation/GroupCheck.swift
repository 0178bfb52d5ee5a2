extension Validation {
    /// The largest number of edges from dependencies on groups.
    static let groupEdgeLimit = 4_000_000

    /// Checks the names of groups: each is unique, and no step has it.
    mutating func checkGroups() {
        var folded: [String: Int] = [:]
        for (position, group) in workflow.groups.enumerated() {
            groupIndex[group.name] = position
            if let step = index.resembling(group.name) {
                reportTaken(group, by: workflow.steps[step].range)
            } else if let first = folded[group.name.rawValue.lowercased()] {
                reportTaken(group, by: workflow.groups[first].range)
            } else {
                folded[group.name.rawValue.lowercased()] = position
            }
        }
    }

    private mutating func reportTaken(_ group: StepGroup, by range: SourceRange?) {
        report(
            .error(
                "the id `\(Self.shown(group.name.rawValue))` is taken, and stands for all steps "
                    + "of a `foreach` here", at: group.range,
                help: another(range, group.range),
                related: range.map { [.init("first declared here", at: $0)] } ?? []))
    }

    /// Makes a step wait for all instances of a group; false when there is no such group.
    mutating func addEdges(toGroup id: StepID, from position: Int, number: Int) -> Bool {
        guard let group = groupIndex[id].map({ workflow.groups[$0] }) else { return false }
        guard !group.members.contains(position) else {
            // Reported once for all instances, which are one declaration.
            if position == group.members.lowerBound {
                report(
                    .error(
                        "step `\(id)` depends on itself",
                        at: workflow.steps[position].dependencies[number].range,
                        help: "remove it from `dependencies`"))
            }
            return true
        }
        guard edges.count + group.members.count <= Self.groupEdgeLimit else {
            if !isOverGroupLimit {
                isOverGroupLimit = true
                report(
                    .error(
                        "dependencies on `foreach` steps give more than \(Self.groupEdgeLimit) "
                            + "edges", at: workflow.steps[position].dependencies[number].range,
                        help: "put a step between that depends on all instances of one"))
            }
            return true
        }
        for member in group.members {
            edges.append(
                Edge(
                    dependency: Int32(truncatingIfNeeded: member),
                    dependent: Int32(truncatingIfNeeded: position),
                    reason: .declared(dependency: Int32(truncatingIfNeeded: number))))
        }
        return true
    }

    /// The message for a condition that names a group: only a single step has a result.
    func groupMistake(
        of reference: ConditionReference, in position: Int
    ) -> (message: String, help: String)? {
        let named = reference.candidates(in: task(of: position)).first { groupIndex[$0] != nil }
        guard let group = named.flatMap({ groupIndex[$0] }).map({ workflow.groups[$0] }) else {
            return nil
        }
        let instances = group.members.prefix(5).map { "`\(workflow.steps[$0].id)`" }
        let more = group.members.count - instances.count
        let first = workflow.steps[group.members.lowerBound].id
        return (
            "the condition of step `\(workflow.steps[position].id)` names `\(group.name)`, "
                + "which stands for \(instances.joined(separator: ", "))"
                + (more > 0 ? " and \(more) more" : ""),
            "name one of them: `steps[\"\(first)\"].FIELD`"
        )
    }
}
