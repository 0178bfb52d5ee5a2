public import WorkflowModel

/// A counted thing that steps of a run share.
public struct PlannedResource: Hashable, Sendable {
    /// As declared; or the id of a task whose steps run one by one, or the name of a group with a
    /// limit.
    public var name: String
    /// Units in total.
    public var capacity: Int
    /// Which runs share its lock files; nil for a resource that only this run counts, without lock
    /// files.
    public var scope: ResourceScope?

    /// Whether other runs may hold units of it.
    public var isLockable: Bool { scope != nil }
}

/// Units of a resource that a step holds from its start to its end.
public struct ResourceClaim: Hashable, Sendable {
    /// Index into ``RunPlan/resources``.
    public var resource: Int32
    /// Units, at least 1.
    public var units: Int32
}

/// Gives each resource of a workflow a number, and each step its claims by number.
struct ResourceTable {
    private(set) var resources: [PlannedResource] = []
    private(set) var claims: RaggedArray<ResourceClaim>

    init(of workflow: Workflow) {
        var table = Builder(workflow.resources)
        for step in workflow.steps.indices {
            for use in workflow.steps[step].resources { table.add(use, to: step) }
        }
        table.addTasks(of: workflow)
        table.addGroups(of: workflow)
        resources = table.resources
        claims = RaggedArray(count: workflow.steps.count, entries: table.entries)
    }

    private struct Builder {
        var resources: [PlannedResource] = []
        var entries: [(row: Int, element: ResourceClaim)] = []
        private var numbers: [String: Int32] = [:]
        private let declared: [String: ResourceDeclaration]

        init(_ declarations: [ResourceDeclaration]) {
            declared = Dictionary(declarations.map { ($0.name, $0) }) { first, _ in first }
        }

        mutating func add(_ use: ResourceUse, to step: Int) {
            let number = number(of: use.name)
            let units = Int32(clamping: max(1, use.units))
            // Two claims of one step on one resource are merged: the scheduler counts claims
            // separately.
            var place = entries.endIndex
            while place > 0, entries[place - 1].row == step {
                place -= 1
                guard entries[place].element.resource == number else { continue }
                let (sum, overflow) = entries[place].element.units.addingReportingOverflow(units)
                entries[place].element.units = overflow ? .max : sum
                return
            }
            entries.append((step, ResourceClaim(resource: number, units: units)))
        }

        mutating func addTasks(of workflow: Workflow) {
            var numbers = [Int32?](repeating: nil, count: workflow.tasks.count)
            for (index, task) in workflow.tasks.enumerated() where !task.isParallelEnabled {
                numbers[index] = Int32(truncatingIfNeeded: resources.count)
                resources.append(PlannedResource(name: task.id, capacity: 1, scope: nil))
            }
            guard numbers.contains(where: { $0 != nil }) else { return }
            for step in workflow.steps.indices {
                let task = workflow.steps[step].task
                guard numbers.indices.contains(task), let number = numbers[task] else { continue }
                entries.append((step, ResourceClaim(resource: number, units: 1)))
            }
        }

        /// Adds the limit of a group as a resource of which each of its steps takes one unit.
        mutating func addGroups(of workflow: Workflow) {
            var numbers: [String: Int32] = [:]
            for group in workflow.parallelGroups {
                guard let most = group.maxParallelSteps else { continue }
                numbers[group.name] = Int32(truncatingIfNeeded: resources.count)
                resources.append(PlannedResource(name: group.name, capacity: most, scope: nil))
            }
            guard !numbers.isEmpty else { return }
            for step in workflow.steps.indices {
                guard let name = workflow.steps[step].parallelGroup, let number = numbers[name]
                else { continue }
                entries.append((step, ResourceClaim(resource: number, units: 1)))
            }
        }

        private mutating func number(of name: String) -> Int32 {
            if let known = numbers[name] { return known }
            let number = Int32(truncatingIfNeeded: resources.count)
            let declaration = declared[name] ?? ResourceDeclaration(name)
            resources.append(
                PlannedResource(
                    name: name, capacity: declaration.capacity, scope: declaration.scope))
            numbers[name] = number
            return number
        }
    }
}
