import WorkflowModel

/// An included file or directory, and what it added to the workflow.
struct IncludedPart {
    var include: WorkflowInclude
    /// The scope of the including file.
    var scope: FileScope
    /// The prefix of its own ids.
    var prefix: String
    /// Its steps outside of tasks.
    var steps: Range<Int>
    var tasks: Range<Int>
}

/// Orders the includes that declare their own dependencies.
struct IncludeOrder {
    /// The largest number of step dependencies that it may add.
    static let edgeLimit = 1_000_000

    /// An include and the names in its dependencies.
    private struct Entry {
        var part: IncludedPart
        var tasks: [(task: Int, range: SourceRange?)] = []
        /// The steps that it names, by id; a `foreach` counts as one.
        var steps: [(id: StepID, range: SourceRange?)] = []
        /// The last task that it waits for; -1 for none.
        var reach = -1
    }

    private var entries: [Entry] = []

    /// The first task of the innermost include that holds a task, or 0.
    ///
    /// Nothing in that include waits for what is outside of it without declaring so.
    func start(around task: Int) -> Int {
        entries.lazy.map(\.part.tasks).filter { $0.contains(task) }.map(\.lowerBound).max() ?? 0
    }

    /// Tasks before a file that wait for the file or for something after it; the file cannot wait
    /// for these.
    func late(for firstTask: Int) -> [Range<Int>] {
        entries.filter { $0.reach >= firstTask && $0.part.tasks.upperBound <= firstTask }
            .map(\.part.tasks)
    }

    // MARK: Names

    /// Resolves the names; reports the unknown ones when all names could be read.
    mutating func read(
        _ parts: [IncludedPart], _ loose: DecodedSteps, _ inTasks: DecodedSteps,
        _ tasks: [WorkflowTask],
        isWhole: Bool, reportingTo reader: inout ValueReader
    ) {
        let names = IncludeNames(parts, loose, inTasks, tasks)
        // The last include with `*` waits for all before it, so waiting for that one is enough.
        var lastAll: [String: IncludedPart] = [:]
        for part in parts {
            guard let dependencies = part.include.dependencies else { continue }
            var entry = Entry(part: part)
            for dependency in dependencies {
                let name = dependency.id.rawValue
                let found: IncludeNames.Found
                if name == "*" {
                    let scope = "\(part.scope.firstStep) \(part.scope.firstTask)"
                    found = names.all(before: part, from: lastAll[scope])
                    if names.hasSteps(part) { lastAll[scope] = part }
                } else if let meant = names.find(name, for: part) {
                    found = meant
                } else {
                    guard isWhole else { continue }
                    reader.report(
                        .error(
                            "the include `\(part.include.file)` depends on an unknown task or step "
                                + "`\(name)`", at: dependency.range,
                            help: reader.suggestion(for: name) { names.all }))
                    continue
                }
                guard !found.isOwn else {
                    reader.report(
                        .error(
                            "the include `\(part.include.file)` depends on `\(name)`, which is its "
                                + "own", at: dependency.range,
                            help: "remove it: the order inside a file is declared in that file"))
                    continue
                }
                entry.tasks += found.tasks.map { ($0, dependency.range) }
                entry.steps += found.steps.map { ($0, dependency.range) }
                entry.reach = max(entry.reach, found.tasks.max() ?? -1, found.reach)
            }
            entries.append(entry)
        }
        settleReach()
    }

    /// Makes the reach transitive: waiting for an include also means waiting for what that one
    /// waits for.
    private mutating func settleReach() {
        guard entries.contains(where: { $0.reach >= $0.part.tasks.upperBound }) else { return }
        var order = Array(entries.indices)
        var isOldEnough = false
        while !isOldEnough {
            isOldEnough = true
            for index in order where entries[index].reach >= 0 {
                let own = entries[index]
                let reach = entries.filter { other in
                    other.reach > own.reach
                        && own.tasks.contains { other.part.tasks.contains($0.task) }
                }.map(\.reach).max()
                guard let reach else { continue }
                entries[index].reach = reach
                isOldEnough = false
            }
            // Chains lead both ways, so alternate the direction.
            order.reverse()
        }
    }

    // MARK: Dependencies

    /// Adds the dependencies to the first steps of each include.
    func settle(
        _ loose: inout DecodedSteps, _ inTasks: inout DecodedSteps, _ tasks: inout [WorkflowTask],
        reportingTo reader: inout ValueReader
    ) {
        guard entries.contains(where: { !$0.tasks.isEmpty || !$0.steps.isEmpty }) else { return }
        let spans = inTasks.taskSpans
        let known = Dictionary(
            tasks.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var left = Self.edgeLimit
        for entry in entries where !entry.tasks.isEmpty || !entry.steps.isEmpty {
            let first = entry.part.tasks.filter { task in
                !(tasks[task].dependencies.map { $0.compactMap { known[$0.id.rawValue] } }
                    ?? (task > 0 ? [task - 1] : []))
                    .contains { entry.part.tasks.contains($0) }
            }
            let targets = entry.steps.map { Dependency($0.id, at: $0.range) }
            let ofTasks = entry.tasks.flatMap { target in
                inTasks.ends(of: spans[target.task] ?? 0..<0, tasks[target.task])
                    .map { Dependency(inTasks.steps[$0].id, at: target.range) }
            }
            let looseFirst = loose.starts(of: entry.part.steps)
            let taskFirst = first.flatMap {
                inTasks.starts(of: spans[$0] ?? 0..<0, isSequence: tasks[$0].isSequence)
            }
            left -= looseFirst.count * (targets.count + ofTasks.count)
            left -= taskFirst.count * targets.count + first.count * entry.tasks.count
            guard left >= 0 else {
                reader.report(
                    .error(
                        "the `dependencies` of includes give more than \(Self.edgeLimit) "
                            + "dependencies", at: entry.part.include.range,
                        help: "name a step that comes after the others"))
                return
            }
            for task in first {
                tasks[task].dependencies =
                    (tasks[task].dependencies ?? [])
                    + entry.tasks.map { Dependency(StepID(tasks[$0.task].id), at: $0.range) }
            }
            for step in looseFirst { loose.steps[step].dependencies += targets + ofTasks }
            for step in taskFirst { inTasks.steps[step].dependencies += targets }
        }
    }
}

/// What the `dependencies` of includes can name.
private struct IncludeNames {
    /// What a name refers to.
    struct Found {
        var tasks: [Int] = []
        var steps: [StepID] = []
        /// The last task that holds one of these steps; -1 for none.
        var reach = -1
        /// Whether it belongs to the include itself.
        var isOwn = false
    }

    private let loose: DecodedSteps
    private let tasks: [WorkflowTask]
    private var taskNumbers: [String: Int] = [:]
    /// Steps and `foreach` groups by id, with their index outside of tasks or their task.
    private var stepPlaces: [String: (loose: Int?, task: Int?)] = [:]
    private var parts: [String: [IncludedPart]] = [:]

    init(
        _ parts: [IncludedPart], _ loose: DecodedSteps, _ inTasks: DecodedSteps,
        _ tasks: [WorkflowTask]
    ) {
        self.loose = loose
        self.tasks = tasks
        for (index, task) in tasks.enumerated() { taskNumbers[task.id] = index }
        for (index, step) in loose.steps.enumerated() {
            stepPlaces[step.id.rawValue] = (index, nil)
        }
        for group in loose.groups {
            stepPlaces[group.name.rawValue] = (group.members.lowerBound, nil)
        }
        for step in inTasks.steps { stepPlaces[step.id.rawValue] = (nil, step.task) }
        for group in inTasks.groups {
            stepPlaces[group.name.rawValue] = (nil, inTasks.steps[group.members.lowerBound].task)
        }
        for part in parts where part.prefix != part.scope.prefix {
            self.parts[String(part.prefix.dropLast()), default: []].append(part)
        }
    }

    /// Everything declared before an include in its including file, starting with `last` if there
    /// is one.
    func all(before part: IncludedPart, from last: IncludedPart?) -> Found {
        let step = last?.steps.lowerBound ?? part.scope.firstStep
        let task = last?.tasks.lowerBound ?? part.scope.firstTask
        return everything(
            in: min(step, part.steps.lowerBound)..<part.steps.lowerBound,
            min(task, part.tasks.lowerBound)..<part.tasks.lowerBound)
    }

    func hasSteps(_ part: IncludedPart) -> Bool {
        !part.tasks.isEmpty || part.steps.contains { !loose.steps[$0].isFinalizer }
    }

    var all: [String] { Set(taskNumbers.keys).union(stepPlaces.keys).union(parts.keys).sorted() }

    func find(_ name: String, for part: IncludedPart) -> Found? {
        guard
            let id = part.scope.resolved(
                name,
                in: {
                    stepPlaces[$0] != nil || taskNumbers[$0] != nil || parts[$0] != nil
                })
        else { return nil }
        var found = Found()
        if let place = stepPlaces[id] {
            found.steps.append(StepID(id))
            found.reach = place.task ?? -1
            found.isOwn =
                place.loose.map(part.steps.contains) ?? place.task.map(part.tasks.contains) ?? false
        }
        if let task = taskNumbers[id] {
            found.tasks.append(task)
            found.isOwn = found.isOwn || part.tasks.contains(task)
        }
        guard found.steps.isEmpty, found.tasks.isEmpty else { return found }
        for other in parts[id] ?? [] {
            let more = everything(in: other.steps, other.tasks)
            found.tasks += more.tasks
            found.steps += more.steps
            found.isOwn =
                found.isOwn || other.steps.overlaps(part.steps) || other.tasks.overlaps(part.tasks)
        }
        return found
    }

    private func everything(in steps: Range<Int>, _ numbers: Range<Int>) -> Found {
        var found = Found()
        found.steps = steps.filter { !loose.steps[$0].isFinalizer }.map { loose.steps[$0].id }
        found.tasks = Array(numbers)
        return found
    }
}

extension DecodedSteps {
    /// The steps of each task; they are consecutive.
    fileprivate var taskSpans: [Int: Range<Int>] {
        var spans: [Int: Range<Int>] = [:]
        for (index, step) in steps.enumerated() {
            spans[step.task] = (spans[step.task]?.lowerBound ?? index)..<index + 1
        }
        return spans
    }

    /// Those of some steps that wait for no other of them.
    fileprivate func starts(of range: Range<Int>, isSequence: Bool = false) -> [Int] {
        let running = range.filter { !steps[$0].isFinalizer }
        if isSequence { return running.first.map { Array(instances(with: $0)) } ?? [] }
        var own = Set(running.map { steps[$0].id })
        for group in groups where range.overlaps(group.members) { own.insert(group.name) }
        return running.filter { !steps[$0].dependencies.contains { own.contains($0.id) } }
    }

    /// The steps of a task that later ones must wait for.
    fileprivate func ends(of range: Range<Int>, _ task: WorkflowTask) -> [Int] {
        let running = range.filter { !steps[$0].isFinalizer }
        guard task.isSequence else { return running }
        return running.last.map { Array(instances(with: $0)) } ?? []
    }

    /// All steps made from the declaration of this one.
    private func instances(with step: Int) -> Range<Int> {
        groups.first { $0.members.contains(step) }?.members ?? step..<step + 1
    }
}
