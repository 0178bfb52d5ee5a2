import WorkflowModel

/// The parallel groups of a run that fail on their own.
///
/// The most steps of a group at once is counted as a resource (``PlannedResource``).
struct PlannedGroups: Sendable {
    /// One of them.
    struct Group: Sendable {
        var name: String
        var strategy: FailureStrategy
        /// Its steps, but for those that always run.
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

    /// The group in which a step fails; nil where its failure is the run's.
    func number(of step: Int) -> Int? {
        numbers.isEmpty ? nil : numbers[step].map { Int($0) }
    }
}
