import DependencyGraph
import WorkflowModel

/// Orders the tasks of several files and of speclets.
struct TaskOrder {
    /// The scope of each task.
    let scopes: [FileScope]
    /// The first task of each file.
    let firstTasks: [Int]
    let speclets: [SpecletFile]
    let includes: IncludeOrder

    /// Adds the dependencies that the declaration order of the tasks does not imply.
    func settle(_ tasks: inout [WorkflowTask], reportingTo reader: inout ValueReader) {
        let known = Dictionary(
            tasks.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        for index in tasks.indices where !scopes[index].prefixes.isEmpty {
            guard let dependencies = tasks[index].dependencies else { continue }
            tasks[index].dependencies = dependencies.map { dependency in
                let name = dependency.id.rawValue
                let meant = scopes[index].resolved(name, in: { known[$0] != nil })
                return Dependency(StepID(meant ?? name), at: dependency.range)
            }
        }
        let named = namedElsewhere(known)
        var before = FileEnds(includes)
        for first in firstTasks where first > 0 && first < tasks.count {
            // Speclets order the tasks that they name.
            guard tasks[first].dependencies == nil, !named.contains(first) else { continue }
            let ends = before.ends(of: tasks, before: first)
            if ends != [first - 1] {
                tasks[first].dependencies = ends.map { Dependency(StepID(tasks[$0].id)) }
            }
        }
        before = FileEnds(includes)
        for file in speclets where !file.speclets.isEmpty {
            let entry =
                named.isEmpty
                ? before.ends(of: tasks, before: file.tasks.lowerBound)
                : before.ends(
                    of: tasks, before: file.tasks.lowerBound, apartFrom: named, known)
            SpecletOrder(file, known: known, entry: entry)
                .settle(&tasks, reportingTo: &reader)
        }
    }
}

extension TaskOrder {
    /// Tasks of included files that speclets name.
    private func namedElsewhere(_ known: [String: Int]) -> Set<Int> {
        var named: Set<Int> = []
        for file in speclets {
            for (name, _) in file.speclets.flatMap(\.named) {
                guard let id = file.scope.resolved(name, in: { known[$0] != nil }),
                    let task = known[id], !file.tasks.contains(task)
                else { continue }
                named.insert(task)
            }
        }
        return named
    }
}

/// The last tasks before a file, which it waits for by default; none of them waits for another.
///
/// Ask for the files in ascending order.
private struct FileEnds {
    /// Where the section begins, and which includes are left out.
    private struct Section: Hashable {
        var start: Int
        var late: [Range<Int>]
    }

    private let includes: IncludeOrder
    private var sections: [Section: TaskEnds] = [:]

    init(_ includes: IncludeOrder) { self.includes = includes }

    mutating func ends(of tasks: [WorkflowTask], before end: Int) -> [Int] {
        let section = Section(start: includes.start(around: end), late: includes.late(for: end))
        return sections[
            section, default: TaskEnds(from: section.start, apartFrom: section.late)
        ].ends(of: tasks, before: end)
    }

    /// The last tasks, without some tasks and everything after those.
    func ends(
        of tasks: [WorkflowTask], before end: Int, apartFrom named: Set<Int>,
        _ known: [String: Int]
    ) -> [Int] {
        let left = includes.late(for: end).reduce(into: named) { $0.formUnion($1) }
        return TaskEnds.ends(
            of: tasks, in: min(includes.start(around: end), end)..<end, apartFrom: left, known)
    }
}

/// The tasks of a range that no other task of it waits for.
private struct TaskEnds {
    private var awaited: Set<String> = []
    private var ends: [Int] = []
    private var count: Int
    private let late: [Range<Int>]

    init(from start: Int, apartFrom late: [Range<Int>]) {
        count = start
        self.late = late
    }

    mutating func ends(of tasks: [WorkflowTask], before end: Int) -> [Int] {
        for index in count..<max(count, end)
        where late.isEmpty || !late.contains(where: { $0.contains(index) }) {
            if let dependencies = tasks[index].dependencies {
                for dependency in dependencies { awaited.insert(dependency.id.rawValue) }
            } else if index > 0 {
                awaited.insert(tasks[index - 1].id)
            }
            ends.append(index)
        }
        count = max(count, end)
        ends.removeAll { awaited.contains(tasks[$0].id) }
        return ends
    }

    /// The same, without some tasks and everything after those.
    static func ends(
        of tasks: [WorkflowTask], in part: Range<Int>, apartFrom named: Set<Int>,
        _ known: [String: Int]
    ) -> [Int] {
        var left = named
        // A task may wait for a later one, so repeat until nothing is added.
        var count = -1
        while count != left.count {
            count = left.count
            for index in part where !left.contains(index) {
                let before =
                    tasks[index].dependencies.map { $0.compactMap { known[$0.id.rawValue] } }
                    ?? (index > 0 ? [index - 1] : [])
                if before.contains(where: left.contains) { left.insert(index) }
            }
        }
        var awaited: Set<Int> = []
        for index in part where !left.contains(index) {
            let before =
                tasks[index].dependencies.map { $0.compactMap { known[$0.id.rawValue] } }
                ?? (index > 0 ? [index - 1] : [])
            awaited.formUnion(before)
        }
        return part.filter { !left.contains($0) && !awaited.contains($0) }
    }
}

/// Turns the order of speclets into dependencies of their tasks.
private struct SpecletOrder {
    private var file: SpecletFile
    private let known: [String: Int]
    /// The tasks for which all speclets wait.
    private let entry: [Int]

    init(_ file: SpecletFile, known: [String: Int], entry: [Int]) {
        self.file = file
        self.known = known
        self.entry = entry
    }

    func settle(_ tasks: inout [WorkflowTask], reportingTo reader: inout ValueReader) {
        var speclets = file.speclets
        let before = reader.diagnostics.count
        assign(&speclets, tasks, &reader)
        let edges = dependencies(of: speclets, &reader)
        guard reader.diagnostics.count == before else { return }
        let graph: Graph<Int>
        do throws(GraphProblems<Int>) {
            graph = try Graph(
                nodes: Array(speclets.indices),
                edges: edges.enumerated().flatMap { speclet, others in
                    others.map { (dependency: $0, dependent: speclet) }
                })
        } catch {
            reportCycles(error, speclets, &reader)
            return
        }
        let stages = graph.phaseIndices()
        let order = speclets.indices.sorted { (stages[$0], $0) < (stages[$1], $1) }
        var ends: [[Int]] = Array(repeating: [], count: speclets.count)
        // The last speclet that runs alone waits for all before it, so waiting for that one is
        // enough.
        var lastAlone: Int?
        var unawaited: Set<Int> = []
        for speclet in order {
            var awaited = Set(edges[speclet])
            if let lastAlone { awaited.insert(lastAlone) }
            if !speclets[speclet].isParallelAllowed {
                awaited.formUnion(unawaited)
                lastAlone = speclet
            }
            unawaited.subtract(awaited)
            unawaited.insert(speclet)
            let start =
                awaited.isEmpty ? entry : awaited.sorted().flatMap { ends[$0] }
            ends[speclet] = chain(speclets[speclet], after: start, &tasks)
        }
    }

    /// Orders the tasks of a speclet one after another; returns the last ones.
    private func chain(
        _ speclet: SpecletDraft, after start: [Int], _ tasks: inout [WorkflowTask]
    ) -> [Int] {
        let ids = Set(speclet.members.map { tasks[$0.task].id })
        var awaited: Set<String> = []
        for (number, member) in speclet.members.enumerated() {
            let task = member.task
            let own = tasks[task].dependencies
            var all = own ?? []
            if own == nil, number > 0 {
                let previous = tasks[speclet.members[number - 1].task].id
                all.append(Dependency(StepID(previous), at: member.range))
            }
            awaited.formUnion(all.map(\.id.rawValue).filter { ids.contains($0) })
            if own != nil || number == 0 {
                all += start.map { Dependency(StepID(tasks[$0].id), at: speclet.range) }
            }
            tasks[task].dependencies = all
        }
        return speclet.members.map(\.task).filter { !awaited.contains(tasks[$0].id) }
    }

    // MARK: Names

    private func assign(
        _ speclets: inout [SpecletDraft], _ tasks: [WorkflowTask], _ reader: inout ValueReader
    ) {
        var owner: [Int: SourceRange] = [:]
        for index in speclets.indices {
            for member in speclets[index].members { owner[member.task] = member.range }
        }
        for index in speclets.indices {
            let id = speclets[index].id
            for (name, range) in speclets[index].named {
                guard
                    let task = file.scope.resolved(name, in: { known[$0] != nil })
                        .flatMap({ known[$0] })
                else {
                    reader.report(
                        .error(
                            "speclet `\(id)` names an unknown task `\(name)`", at: range,
                            help: reader.suggestion(for: name) { tasks.map(\.id) }))
                    continue
                }
                if let first = owner[task] {
                    reader.report(
                        .error(
                            "task `\(tasks[task].id)` is in two speclets", at: range,
                            help: "name it in one of them",
                            related: [.init("first named here", at: first)]))
                    continue
                }
                owner[task] = range
                speclets[index].members.append((task, range))
            }
            if speclets[index].named.isEmpty, speclets[index].ownTasks.isEmpty {
                reader.report(
                    .error(
                        "speclet `\(id)` has no tasks", at: speclets[index].range,
                        help: "name some: `tasks = [1]`, or remove it"))
            }
        }
        for task in file.tasks where owner[task] == nil {
            reader.report(
                .error(
                    "task `\(tasks[task].id)` is in no speclet", at: tasks[task].range,
                    help: "add it to the `tasks` of the speclet that it belongs to"))
        }
    }

    private func dependencies(
        of speclets: [SpecletDraft], _ reader: inout ValueReader
    ) -> [[Int]] {
        var positions: [String: Int] = [:]
        for (index, speclet) in speclets.enumerated() {
            guard let first = positions.updateValue(index, forKey: speclet.id) else { continue }
            reader.report(
                .error(
                    "speclet `\(speclet.id)` is declared twice", at: speclet.range,
                    help: "give one of them another id",
                    related: [.init("first declared here", at: speclets[first].range)]))
        }
        for (index, speclet) in speclets.enumerated() {
            if let name = speclet.name, positions[name] == nil { positions[name] = index }
        }
        var lastAll = 0
        return speclets.enumerated().map { index, speclet in
            speclet.dependencies.flatMap { name, range -> [Int] in
                if name == "*" {
                    if index == 0 {
                        reader.report(
                            .warning(
                                "`*` names no speclet: none is declared before this one",
                                at: range, help: "put it behind those that it waits for"))
                    }
                    // The last one with `*` waits for all before it, so waiting for that one is
                    // enough.
                    defer { lastAll = index }
                    return Array(lastAll..<index)
                }
                guard let target = positions[name] else {
                    reader.report(
                        .error(
                            "speclet `\(speclet.id)` depends on an unknown speclet `\(name)`",
                            at: range,
                            help: reader.suggestion(for: name) { positions.keys.sorted() }))
                    return []
                }
                guard target != index else {
                    reader.report(
                        .error(
                            "speclet `\(speclet.id)` depends on itself", at: range,
                            help: "remove it from its dependencies"))
                    return []
                }
                return [target]
            }
        }
    }

    private func reportCycles(
        _ problems: GraphProblems<Int>, _ speclets: [SpecletDraft], _ reader: inout ValueReader
    ) {
        for problem in problems.problems {
            guard case .cycle(let cycle) = problem.kind else { continue }
            let names = cycle.map { speclets[$0].id }.joined(separator: " -> ")
            reader.report(
                .error(
                    "speclets wait for each other: \(names)",
                    at: cycle.first.map { speclets[$0].range },
                    help: "remove one of these dependencies",
                    related: cycle.dropLast().dropFirst().map {
                        .init("speclet `\(speclets[$0].id)`", at: speclets[$0].range)
                    }))
        }
    }
}
