import WorkflowModel

/// Steps in the order in which they were read; the instances of a `foreach` are consecutive.
struct DecodedSteps {
    var steps: [Step] = []
    private(set) var groups: [StepGroup] = []
    /// The steps of each scope other than that of the main file.
    private(set) var spans: [(steps: Range<Int>, scope: FileScope)] = []

    /// How many values the steps hold that they do not share.
    private var values = 0
    private var isFull = false
    /// The largest number of those values: a large step for many items would fill the memory.
    private static let valueLimit = 5_000_000

    /// Whether an item gave no step, which other steps may name.
    private(set) var hasLostSteps = false

    var isEmpty: Bool { steps.isEmpty }

    /// The groups, shifted by the number of steps before these.
    func groups(from start: Int) -> [StepGroup] {
        groups.map {
            StepGroup(
                $0.name, members: $0.members.lowerBound + start..<$0.members.upperBound + start,
                at: $0.range)
        }
    }

    /// Records the scope of all steps from an index on.
    mutating func note(_ scope: FileScope, from start: Int) {
        guard start < steps.count, !scope.prefixes.isEmpty || scope.shell != nil else { return }
        spans.append((start..<steps.count, scope))
    }

    /// The last steps that wait for all before them, and the first index for which they wait.
    private var allAwaited: (steps: Range<Int>, from: Int)?

    /// Makes a step with `"*"` wait for all steps from an index on, except finalizers.
    mutating func awaitAll(
        _ draft: inout StepDraft, from start: Int, with reader: inout ValueReader
    ) {
        guard let range = draft.allBefore else { return }
        // The last step with `*` waits for all before it, so waiting for that one is enough.
        var first = start
        if let last = allAwaited, last.from <= start { first = max(start, last.steps.lowerBound) }
        let isFinalizer = draft.step.isFinalizer
        var named = Set(draft.step.dependencies.map(\.id))
        for index in first..<steps.count where isFinalizer || !steps[index].isFinalizer {
            guard named.insert(steps[index].id).inserted else { continue }
            draft.step.dependencies.append(Dependency(steps[index].id, at: range))
        }
        if start == steps.count {
            reader.report(
                .warning(
                    "`*` names no step: none is declared before this one", at: range,
                    help: "put it behind those that it waits for"))
        }
        guard !isFinalizer else { return }
        let count = draft.items?.count ?? 1
        allAwaited = (steps.count..<steps.count + max(1, count), start)
    }

    /// Adds a step, or its instances.
    mutating func append(_ draft: StepDraft, with reader: inout ValueReader) {
        if draft.hasLostItems { hasLostSteps = true }
        guard reserve(draft, with: &reader) else { return }
        guard let items = draft.items else {
            steps.append(draft.step)
            if let entry = draft.successPattern {
                steps[steps.count - 1].gating.successPattern = reader.regularExpression(entry)
            }
            return
        }
        guard steps.count + items.count <= StepInstances.limit else {
            hasLostSteps = true
            reader.report(
                .error(
                    "`foreach` makes more than \(StepInstances.limit) steps", at: draft.step.range,
                    help: "give one step several items to do"))
            return
        }
        let start = steps.count
        var instances = StepInstances(
            draft.step, items: items, successPattern: draft.successPattern)
        steps += instances.make(reportingTo: &reader)
        if steps.count - start < items.count { hasLostSteps = true }
        guard steps.count > start else { return }
        groups.append(
            StepGroup(draft.step.id, members: start..<steps.count, at: draft.step.range))
    }

    /// Whether the limit of values allows a step, times its items.
    private mutating func reserve(_ draft: StepDraft, with reader: inout ValueReader) -> Bool {
        let step = draft.step
        let own =
            1 + step.environment.count + step.inputs.count + step.outputFiles.count
            + step.modifies.count + step.dependencies.count + step.resources.count
            + step.recovery.backups.count
        values += own * (draft.items?.count ?? 1)
        guard values > Self.valueLimit else { return true }
        hasLostSteps = true
        if !isFull {
            reader.report(
                .error(
                    "the steps hold more than \(Self.valueLimit) values together",
                    at: draft.step.range,
                    help: "an `[environment]` of the main file is held once for all steps"))
        }
        isFull = true
        return false
    }

    /// Resolves names in the scope of their file, and gives command lines the shell of their file.
    mutating func settle(shell: [String], known: (String) -> Bool, tasks: [WorkflowTask]) {
        for (range, scope) in spans {
            for index in range {
                if !scope.prefixes.isEmpty { resolveNames(of: index, scope, known, tasks) }
                if let own = scope.shell, own != shell { steps[index].wrapLines(in: own) }
            }
        }
    }

    private mutating func resolveNames(
        of index: Int, _ scope: FileScope, _ known: (String) -> Bool, _ tasks: [WorkflowTask]
    ) {
        for number in steps[index].dependencies.indices {
            let name = steps[index].dependencies[number].id.rawValue
            guard let meant = scope.resolved(name, in: known), meant != name else { continue }
            steps[index].dependencies[number].id = StepID(meant)
        }
        resolveCondition(of: index, scope, known, tasks)
    }

    /// Resolves the names in a condition; an invalid one is kept, and reported by the later check.
    private mutating func resolveCondition(
        of index: Int, _ scope: FileScope, _ known: (String) -> Bool, _ tasks: [WorkflowTask]
    ) {
        guard let text = steps[index].gating.condition,
            let condition = try? ConditionExpression(text)
        else { return }
        let number = steps[index].task
        let task = tasks.indices.contains(number) ? tasks[number].id : ""
        let local = task.hasPrefix(scope.prefix) ? String(task.dropFirst(scope.prefix.count)) : task
        var isOther = false
        let meant = condition.renamingSteps { reference in
            let names = reference.candidates(in: local).map(\.rawValue)
            for prefix in scope.prefixes {
                guard let name = names.first(where: { known(prefix + $0) }) else { continue }
                isOther = true
                return StepID(prefix + name)
            }
            return reference.candidates(in: task).first { known($0.rawValue) }
                ?? StepID(reference.step)
        }
        if isOther { steps[index].gating.condition = meant.description }
    }
}
