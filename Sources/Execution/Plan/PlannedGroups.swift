import WorkflowModel

/// The parallel groups of a run with a failure strategy of their own.
///
/// The largest number of their steps at once is counted as a resource (``PlannedResource``).
struct PlannedGroups: Sendable {
    /// One group.
    struct Group: Sendable {
        var name: String
        var strategy: FailureStrategy
        /// Its steps, except those that always run.
        var members: [Int32] = []
    }

    let groups: [Group]
    private let numbers: [Int: Int32]

    init(of workflow: Workflow) {
        var groups: [Group] = []
        var places: [String: Int32] = [:]
        for group in workflow.parallelGroups {
            guard let strategy = group.failureStrategy else { continue }
            places[group.name] = Int32(truncatingIfNeeded: groups.count)
            groups.append(Group(name: group.name, strategy: strategy))
        }
        var numbers: [Int: Int32] = [:]
        if !groups.isEmpty {
            for step in workflow.steps.indices where !workflow.steps[step].isFinalizer {
                guard let name = workflow.steps[step].parallelGroup, let place = places[name]
                else { continue }
                numbers[step] = place
                groups[Int(place)].members.append(Int32(truncatingIfNeeded: step))
            }
        }
        self.groups = groups
        self.numbers = numbers
    }

    /// The group in which the failure of a step stays; nil when the failure concerns the run.
    func number(of step: Int) -> Int? {
        numbers.isEmpty ? nil : numbers[step].map { Int($0) }
    }
}
