import DependencyGraph
import WorkflowModel

/// Puts the tasks of several files, and of speclets, into their order.
struct TaskOrder {
    /// The scope of each task.
    let scopes: [FileScope]
    /// Where the tasks of each file begin.
    let firstTasks: [Int]
    let speclets: [SpecletFile]

    /// States as dependencies what the tasks' order alone does not say.
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
        for first in firstTasks where first > 0 && first < tasks.count {
            guard tasks[first].dependencies == nil else { continue }
            let ends = Self.ends(of: tasks, before: first)
            if ends != [first - 1] {
                tasks[first].dependencies = ends.map { Dependency(StepID(tasks[$0].id)) }
            }
        }
        for file in speclets {
            SpecletOrder(file, known: known).settle(&tasks, reportingTo: &reader)
        }
    }

    /// The tasks of the first ones that none of them waits for.
    static func ends(of tasks: [WorkflowTask], before count: Int) -> [Int] {
        var awaited: Set<String> = []
        for index in 0..<count {
            if let dependencies = tasks[index].dependencies {
                for dependency in dependencies { awaited.insert(dependency.id.rawValue) }
            } else if index > 0 {
                awaited.insert(tasks[index - 1].id)
            }
        }
        return (0..<count).filter { !awaited.contains(tasks[$0].id) }
    }
}

/// Turns the order of speclets into dependencies of their tasks.
private struct SpecletOrder {
    private var file: SpecletFile
    private let known: [String: Int]

    init(_ file: SpecletFile, known: [String: Int]) {
        self.file = file
        self.known = known
    }

    func settle(_ tasks: inout [WorkflowTask], reportingTo reader: inout ValueReader) {
        guard !file.speclets.isEmpty else { return }
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
        let entry = TaskOrder.ends(of: tasks, before: file.tasks.lowerBound)
        var ends: [[Int]] = Array(repeating: [], count: speclets.count)
        for (place, speclet) in order.enumerated() {
            var awaited = Set(edges[speclet])
            for other in order[..<place]
            where !speclets[speclet].isParallelAllowed || !speclets[other].isParallelAllowed {
                awaited.insert(other)
            }
            let start =
                awaited.isEmpty ? entry : awaited.sorted().flatMap { ends[$0] }
            ends[speclet] = chain(speclets[speclet], after: start, &tasks)
        }
    }

    /// The tasks of a speclet one after another; gives those that others have to wait for.
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
                            help: Suggestion.help(for: name, among: tasks.map(\.id))))
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
        return speclets.enumerated().map { index, speclet in
            speclet.dependencies.compactMap { name, range in
                guard let target = positions[name] else {
                    reader.report(
                        .error(
                            "speclet `\(speclet.id)` depends on an unknown speclet `\(name)`",
                            at: range,
                            help: Suggestion.help(for: name, among: positions.keys.sorted())))
                    return nil
                }
                guard target != index else {
                    reader.report(
                        .error(
                            "speclet `\(speclet.id)` depends on itself", at: range,
                            help: "remove it from its dependencies"))
                    return nil
                }
                return target
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
