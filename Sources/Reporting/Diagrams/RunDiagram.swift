import DependencyGraph
public import Execution
public import WorkflowModel

/// The picture of a workflow: its steps by phase, their edges, and their properties.
///
/// A pure function of its arguments, without a date, so that a file made of it can be compared byte
/// for byte. Without durations every step counts the same, and the critical path is the longest
/// chain. Arrows lead from a step to those that depend on it.
public struct RunDiagram: Sendable {
    /// An arrow.
    struct Edge: Hashable {
        var from: Int
        var to: Int
        var origin: EdgeOrigin
        /// Whether it is part of the critical path.
        var isCritical: Bool
        /// Whether a longer path implies it, so that pictures leave it out.
        var isImplied: Bool
    }

    /// The steps of a task that are at the same distance from its beginning.
    struct Phase: Hashable {
        var task: Int
        /// From 1.
        var number: Int
        var steps: [Int]
        /// Whether these are the steps of all tasks that always run.
        var isLast = false
    }

    /// Steps of a phase that belong together: a parallel group, or the instances of a `foreach`.
    struct Group: Hashable {
        var title: String
        /// The steps that are in no child.
        var steps: [Int]
        var children: [Group] = []
    }

    let resolved: ResolvedWorkflow
    let record: RunRecord?
    let edges: [Edge]
    let phases: [Phase]
    let criticalPath: [Int]
    private let criticalSteps: Set<Int>

    /// Collects what pictures show.
    ///
    /// - Parameters:
    ///   - resolved: The workflow.
    ///   - durations: One for each step, in any one unit; nil when none are known.
    ///   - record: A run of this workflow whose results the steps show. Steps are matched by id, so
    ///     a workflow that has changed since shows what it can.
    public init(
        _ resolved: ResolvedWorkflow, durations: [Double]? = nil, record: RunRecord? = nil
    ) {
        self.resolved = resolved
        self.record = record
        let count = resolved.graph.count
        let path = resolved.graph.criticalPath(
            durations: durations ?? [Double](repeating: 1, count: count)
        ).path
        criticalPath = path
        criticalSteps = Set(path)
        edges = RunDiagram.edges(of: resolved, criticalPath: path)
        phases = RunDiagram.phases(of: resolved)
        recorded = RunDiagram.match(resolved.workflow, record)
    }

    /// The index in the record for each step, if any.
    private let recorded: [Int?]

    /// Whether a step is on the critical path.
    func isCritical(_ step: Int) -> Bool { criticalSteps.contains(step) }

    /// The record of a step, if any.
    func record(of step: Int) -> StepRecord? {
        guard let record, recorded.indices.contains(step), let index = recorded[step] else {
            return nil
        }
        return record.steps[index]
    }

    /// The phases by task, each with the task's title; no title when there is only one task.
    var frames: [(title: String?, phases: [Phase])] {
        let tasks = resolved.workflow.tasks
        guard tasks.count > 1 else { return [(nil, phases)] }
        let last = phases.filter(\.isLast)
        let framed: [(title: String?, phases: [Phase])] = tasks.enumerated().compactMap {
            index, task in
            let own = phases.filter { $0.task == index && !$0.isLast }
            let words = task.description.isEmpty ? "" : ": \(task.description)"
            return own.isEmpty ? nil : ("\(Wording.task(task.id, atStart: true))\(words)", own)
        }
        return last.isEmpty ? framed : framed + [(nil, last)]
    }

    /// The groups of a phase, and its other steps.
    func groups(of phase: Phase) -> (groups: [Group], others: [Int]) {
        let steps = resolved.workflow.steps
        var names: [String] = []
        var members: [String: [Int]] = [:]
        for step in phase.steps {
            guard let name = steps[step].parallelGroup, !name.isEmpty else { continue }
            if members[name] == nil { names.append(name) }
            members[name, default: []].append(step)
        }
        let groups = names.map { name in
            let (children, own) = itemGroups(of: members[name] ?? [])
            return Group(title: "Group \(name)", steps: own, children: children)
        }
        let alone = phase.steps.filter { steps[$0].parallelGroup?.isEmpty ?? true }
        let (others, rest) = itemGroups(of: alone)
        return (groups + others, rest)
    }

    /// The instances of each `foreach` among the steps, and the other steps.
    private func itemGroups(of all: [Int]) -> (groups: [Group], others: [Int]) {
        guard !resolved.workflow.groups.isEmpty else { return ([], all) }
        var others = Set(all)
        let groups = resolved.workflow.groups.compactMap { group -> Group? in
            let steps = all.filter { group.members.contains($0) }
            guard !steps.isEmpty else { return nil }
            others.subtract(steps)
            return Group(
                title: "\(group.name): \(Wording.count(steps.count, "item"))", steps: steps)
        }
        return (groups, all.filter { others.contains($0) })
    }

    /// The condition of a step, as its box shows it.
    func condition(of step: Int) -> String? {
        guard let text = resolved.workflow.steps[step].gating.condition else { return nil }
        let line = Sanitizer.line(text)
        let plain = line.lowercased().hasPrefix("if ") ? String(line.dropFirst(3)) : line
        return "if " + TextWidth.clip(plain, to: RunDiagram.conditionColumns)
    }

    private static let conditionColumns = 48

    /// The title of a phase.
    func title(of phase: Phase) -> String {
        phase.isLast ? "Finalizers" : "Phase \(phase.number)"
    }

    /// Whether both steps of a conflict exist.
    func isInRange(_ conflict: OutputConflict) -> Bool {
        let steps = resolved.workflow.steps.indices
        return steps.contains(Int(conflict.first)) && steps.contains(Int(conflict.second))
    }

    /// The lines in the box of a step.
    func label(of step: Int) -> [String] {
        let declared = resolved.workflow.steps[step]
        var lines = [declared.id.rawValue]
        if !declared.description.isEmpty { lines.append(declared.description) }
        if let condition = condition(of: step) { lines.append(condition) }
        if let record = record(of: step) {
            let took = record.duration.map { " " + DurationText.measured(nanoseconds: $0) } ?? ""
            lines.append("(\(Wording.status(record))\(took)\(Self.detour(of: record)))")
        }
        return lines
    }

    /// The method and attempt with which a step ended, unless it was the first: `, by backup[1],
    /// attempt 4`.
    private static func detour(of record: StepRecord) -> String {
        var parts: [String] = []
        if let method = record.method, method != .primary { parts.append("by \(method)") }
        if record.attempts > 1 { parts.append("attempt \(record.attempts)") }
        return parts.map { ", " + $0 }.joined()
    }

    private static func edges(of resolved: ResolvedWorkflow, criticalPath: [Int]) -> [Edge] {
        let graph = resolved.graph
        let reduced = graph.transitiveReduction()
        var origins: [Int64: EdgeOrigin] = [:]
        for edge in resolved.inferredEdges {
            origins[key(Int(edge.dependency), Int(edge.dependent))] = edge.origin
        }
        let critical = Set(zip(criticalPath, criticalPath.dropFirst()).map { key($0, $1) })
        return (0..<graph.count).flatMap { from in
            let kept = Set(reduced.dependents(of: from))
            return graph.dependents(of: from).map { to in
                Edge(
                    from: from, to: to, origin: origins[key(from, to)] ?? .declared,
                    isCritical: critical.contains(key(from, to)), isImplied: !kept.contains(to))
            }
        }
    }

    /// The phases of each task, numbered inside it, as in the run and its record.
    private static func phases(of resolved: ResolvedWorkflow) -> [Phase] {
        let graph = resolved.graph
        let steps = resolved.workflow.steps
        var numbers = [Int](repeating: 1, count: graph.count)
        for step in graph.topologicalOrder() {
            for dependency in graph.dependencies(of: step)
            where steps[dependency].task == steps[step].task {
                numbers[step] = max(numbers[step], numbers[dependency] + 1)
            }
        }
        var phases: [Phase] = []
        let ordinary = (0..<graph.count).filter { !steps[$0].gating.always }
        for step in ordinary.sorted(by: { a, b in
            (steps[a].task, numbers[a], a) < (steps[b].task, numbers[b], b)
        }) {
            if let last = phases.last, last.task == steps[step].task, last.number == numbers[step] {
                phases[phases.count - 1].steps.append(step)
            } else {
                phases.append(Phase(task: steps[step].task, number: numbers[step], steps: [step]))
            }
        }
        let last = (0..<graph.count).filter { steps[$0].gating.always }
        if !last.isEmpty {
            phases.append(Phase(task: .max, number: 0, steps: last, isLast: true))
        }
        return phases
    }

    private static func match(_ workflow: Workflow, _ record: RunRecord?) -> [Int?] {
        guard let record else { return [] }
        var indices: [String: Int] = [:]
        for (index, step) in record.header.steps.enumerated() { indices[step.id] = index }
        return workflow.steps.map { indices[$0.id.rawValue] }
    }

    private static func key(_ from: Int, _ to: Int) -> Int64 { Int64(from) << 32 | Int64(to) }
}
