import WorkflowModel

/// A file, or a directory, that was included: what of the workflow is from it.
struct IncludedPart {
    var include: WorkflowInclude
    /// The names of the file that includes it.
    var scope: FileScope
    /// What its own ids begin with.
    var prefix: String
    /// Its steps outside of tasks.
    var steps: Range<Int>
    var tasks: Range<Int>
}

/// The order of includes that say themselves what they come after.
struct IncludeOrder {
    /// The most dependencies of steps that it may give.
    static let edgeLimit = 1_000_000

    /// An include with what it names.
    private struct Entry {
        var part: IncludedPart
        var tasks: [(task: Int, range: SourceRange?)] = []
        /// By the ids of steps, or of several made by one `foreach`.
        var steps: [(id: StepID, range: SourceRange?)] = []
        /// The last task that it waits for; -1 for none.
        var reach = -1
    }

    private var entries: [Entry] = []

    /// The first task of the innermost of them that holds a task, or 0: nothing in it waits for what
    /// is outside without saying so.
    func start(around task: Int) -> Int {
        entries.lazy.map(\.part.tasks).filter { $0.contains(task) }.map(\.lowerBound).max() ?? 0
    }

    /// Tasks before a file which wait for it, or for what comes after it, so that it cannot wait
    /// for them.
    func late(for firstTask: Int) -> [Range<Int>] {
        entries.filter { $0.reach >= firstTask && $0.part.tasks.upperBound <= firstTask }
            .map(\.part.tasks)
    }

    // MARK: Names

    /// Finds what they name; says which names are unknown, where all are known.
    mutating func read(
        _ parts: [IncludedPart], _ loose: StepList, _ inTasks: StepList, _ tasks: [WorkflowTask],
        isWhole: Bool, reportingTo reader: inout ValueReader
    ) {
        let names = IncludeNames(parts, loose, inTasks, tasks)
        // Who waits for the last one that says `*` waits for all that came before it.
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
                            help: "remove it: the order inside of a file is said in that file"))
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

    /// Who waits for what waits for a later task waits for that one too.
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
            // Chains of them go either way.
            order.reverse()
        }
    }

    // MARK: Dependencies

    /// Gives what is first in each of them its dependencies.
    func settle(
        _ loose: inout StepList, _ inTasks: inout StepList, _ tasks: inout [WorkflowTask],
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
    /// What a name means.
    struct Found {
        var tasks: [Int] = []
        var steps: [StepID] = []
        /// The last task that a step of these stands in; -1 for none.
        var reach = -1
        /// Whether it is of the include itself.
        var isOwn = false
    }

    private let loose: StepList
    private let tasks: [WorkflowTask]
    private var taskNumbers: [String: Int] = [:]
    /// Steps and those of a `foreach` by id, with their index outside of tasks or their task.
    private var stepPlaces: [String: (loose: Int?, task: Int?)] = [:]
    private var parts: [String: [IncludedPart]] = [:]

    init(
        _ parts: [IncludedPart], _ loose: StepList, _ inTasks: StepList, _ tasks: [WorkflowTask]
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

    /// All that is declared before an include in the file that includes it, or from another on.
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

extension StepList {
    /// The steps of each task, which stand one after another.
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

    /// Those of a task that others have to wait for.
    fileprivate func ends(of range: Range<Int>, _ task: WorkflowTask) -> [Int] {
        let running = range.filter { !steps[$0].isFinalizer }
        guard task.isSequence else { return running }
        return running.last.map { Array(instances(with: $0)) } ?? []
    }

    /// All that stand for one declaration.
    private func instances(with step: Int) -> Range<Int> {
        groups.first { $0.members.contains(step) }?.members ?? step..<step + 1
    }
}
