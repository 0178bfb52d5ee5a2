import DependencyGraph
import WorkflowModel

/// Judges the points of the safety checklist one by one.
struct SafetyJudge {
    private typealias Addition = SafetyChecklist.Addition

    private let resolved: ResolvedWorkflow
    private let evidence: SafetyEvidence
    private let processors: Int
    /// The largest number of steps of one phase that could run at the same time; 1 when no two can.
    private let width: Int
    private var steps: [Step] { resolved.workflow.steps }
    private var execution: ExecutionSettings { resolved.workflow.execution }

    init(_ resolved: ResolvedWorkflow, _ evidence: SafetyEvidence, processors: Int) {
        self.resolved = resolved
        self.evidence = evidence
        self.processors = processors
        width = SafetyJudge.width(of: resolved)
    }

    func dependencies() -> SafetyFinding {
        guard steps.count > 1 else {
            return .notApplicable("there is one step, which has nothing to depend on")
        }
        let silent = steps.indices.filter { !steps[$0].declares.contains(.dependencies) }
        guard !silent.isEmpty else { return .met("\(steps.count) of \(steps.count) say them") }
        let taskEdges = Set(resolved.inferredEdges.filter { $0.origin == .taskOrder })
        return .notMet(
            "\(silent.count) of \(steps.count) do not say them",
            add: dependencyLists(of: silent) { dependency, step in
                // The order of tasks is declared in the tasks.
                !taskEdges.contains(
                    WorkflowEdge(dependency: dependency, dependent: step, origin: .taskOrder))
            })
    }

    func outputs() -> SafetyFinding {
        guard width > 1 else { return Self.oneAtATime }
        let silent = steps.indices.filter { !steps[$0].declares.contains(.writtenFiles) }
        guard !silent.isEmpty else { return .met("\(steps.count) of \(steps.count) say them") }
        return .notMet(
            "\(silent.count) of \(steps.count) do not say whether they write files",
            add: [Addition(place: .steps(silent), toml: "output_files = []")],
            advice: "name the files of a step that writes some: `output_files = [\"docs/api.md\"]`")
    }

    func conflicts() -> SafetyFinding {
        let writers = steps.count { !$0.outputFiles.isEmpty || !$0.modifies.isEmpty }
        guard writers > 0 else { return .notApplicable("no step declares a file that it writes") }
        guard let first = resolved.conflicts.first else {
            return .met("the files of \(writers) \(writers == 1 ? "step" : "steps") were compared")
        }
        let more = resolved.conflicts.count > 1 ? "; and \(resolved.conflicts.count - 1) more" : ""
        return .notMet(
            resolved.message(for: first) + more,
            add: dependencyLists(of: resolved.conflicts.map { Int($0.second) }) {
                dependency, step in
                steps[step].dependencies.contains { $0.id == steps[dependency].id }
            },
            advice: "or have each write a file of its own")
    }

    func parallelSteps() -> SafetyFinding {
        guard width > 1 else { return Self.oneAtATime }
        let proposal = [
            Addition(
                place: .execution,
                toml: "max_parallel_steps = \(max(2, min(width, processors)))")
        ]
        guard let declared = execution.maxParallelSteps else {
            return .notMet(
                "it is not set: as many steps run at once as there are processors", add: proposal)
        }
        guard declared > 1 else {
            return .notMet("it is 1: nothing runs beside anything else", add: proposal)
        }
        guard declared <= steps.count else {
            return .notMet(
                "it is \(declared), and there are \(steps.count) steps: it limits nothing",
                add: proposal)
        }
        return .met("it is \(declared)")
    }

    func propagation() -> SafetyFinding {
        if let chosen = execution.errorPropagation {
            let other = chosen == .haltOnCritical ? "" : "; `halt_on_critical` is recommended"
            return .met("it is `\(chosen.rawValue)`\(other)")
        }
        let mode = execution.defaultMode ?? ""
        if ["collaborative", "education"].contains(mode) {
            return .met(
                "`default_mode = \"\(mode)\"` makes it `collaborative_review`; "
                    + "`halt_on_critical` is recommended")
        }
        guard steps.contains(where: \.isCriticalInEffect) else { return Self.nothingCritical }
        return .notMet(
            "none is chosen",
            add: [Addition(place: .execution, toml: "error_propagation = \"halt_on_critical\"")])
    }

    func criticalSteps() -> SafetyFinding {
        let asked = steps.indices.filter { steps[$0].mayBeCritical }
        let contradictory = steps.indices.filter {
            steps[$0].allowsFailure && steps[$0].isCritical
                && steps[$0].declares.contains(.critical)
        }
        if let first = contradictory.first {
            return .notMet(
                "`\(steps[first].id)` is critical, and its failure is allowed",
                add: [Addition(place: .steps(contradictory), toml: "critical = false")])
        }
        guard asked.count > 1 else {
            return .notApplicable(
                asked.isEmpty
                    ? "no step's failure could halt the others"
                    : "there is one step whose failure counts, and nothing for it to halt")
        }
        let silent = asked.filter { !steps[$0].declares.contains(.critical) }
        let critical = asked.count { steps[$0].isCritical }
        guard !silent.isEmpty else { return .met("\(critical) of \(asked.count) are critical") }
        return .notMet(
            "\(silent.count) of \(asked.count) do not say, and count as critical",
            add: [Addition(place: .steps(silent), toml: "critical = true")],
            advice: "where the run can do without a step: `critical = false`")
    }

    func backups() -> SafetyFinding {
        let critical = steps.indices.filter { steps[$0].isCriticalInEffect }
        guard !critical.isEmpty else { return Self.nothingCritical }
        let bare = critical.filter { steps[$0].recovery.backups.isEmpty }
        guard !bare.isEmpty else { return .met("\(critical.count) of \(critical.count) have one") }
        return .notMet(
            "\(bare.count) of \(critical.count) critical steps have none",
            add: [Addition(place: .steps(bare), toml: "backups = [\"COMMAND\"]")],
            advice: "COMMAND does the same in another way; a step that the run can do without is "
                + "`critical = false`")
    }

    func sequentialTest() -> SafetyFinding {
        guard width > 1 else { return Self.oneAtATime }
        let advice = "run `stepvisor run`, without `--parallel`, to its end"
        switch evidence.sequentialTest {
        case .passed(let run): return .met("run \(run) ended well, one step at a time")
        case .none: return .notMet("no sequential run is on record", advice: advice)
        case .rejected(let run, let why): return .notMet("run \(run): \(why)", advice: advice)
        }
    }

    func logging() -> SafetyFinding {
        switch evidence.logging {
        case .whole(let run, let events):
            return .met("of run \(run), the journal (\(events) events) and `progress.json` agree")
        case .none:
            return .notMet(
                "no run has ended yet, so nothing was logged",
                advice: "run `stepvisor run` to its end")
        case .broken(let run, let why):
            return .notMet("run \(run): \(why)", advice: "run `stepvisor run` again to its end")
        }
    }

    func monitoring() -> SafetyFinding {
        guard execution.runTimeout == nil else {
            return .met("`run_timeout` bounds the run, and every exit status is watched")
        }
        let own = steps.indices.filter {
            steps[$0].timeout == nil && steps[$0].idleTimeout == nil
        }
        if execution.timeout != nil || execution.idleTimeout != nil || own.isEmpty {
            return .met("every step has a time limit, and every exit status is watched")
        }
        return .notMet(
            "\(own.count) of \(steps.count) steps have no time limit: one that hangs is not noticed",
            add: [Addition(place: .execution, toml: "timeout = \"30m\"")],
            advice: "or give a step its own `timeout` or `idle_timeout`")
    }
}

extension SafetyJudge {
    private static let oneAtATime = SafetyFinding.notApplicable(
        "no two steps could ever run at the same time")
    private static let nothingCritical = SafetyFinding.notApplicable("no step is critical")

    /// For each step, the edges of the graph that should be declared, and the earlier steps that
    /// write the same files.
    private func dependencyLists(
        of some: [Int], isKept: (_ dependency: Int, _ step: Int) -> Bool
    ) -> [Addition] {
        let conflicts = Dictionary(grouping: resolved.conflicts) { Int($0.second) }
        let lists = Dictionary(grouping: Set(some).sorted()) { step in
            resolved.graph.dependencies(of: step).filter { isKept($0, step) }
                + (conflicts[step] ?? []).map { Int($0.first) }
        }
        return lists.sorted { $0.value[0] < $1.value[0] }.map { dependencies, steps in
            let ids = dependencies.map { "\"\(resolved.graph.nodes[$0])\"" }
            return Addition(
                place: .steps(steps), toml: "dependencies = [\(ids.joined(separator: ", "))]")
        }
    }

    private static func width(of resolved: ResolvedWorkflow) -> Int {
        let steps = resolved.workflow.steps
        let apart = steps.indices.filter { steps[$0].isParallelSafe }
        let sections = [
            apart.filter { !steps[$0].gating.always }, apart.filter { steps[$0].gating.always },
        ]
        return sections.map { width(among: $0, of: resolved) }.max() ?? 1
    }

    private static func width(among some: [Int], of resolved: ResolvedWorkflow) -> Int {
        let steps = resolved.workflow.steps
        let tasks = Set(some.map { steps[$0].task })
        if tasks.count == 1, let task = tasks.first,
            !resolved.workflow.tasks[task].isParallelEnabled
        {
            return 1
        }
        let phases = resolved.graph.phaseIndices()
        let line = some.sorted { (phases[$0], $0) < (phases[$1], $1) }
        if resolved.graph.areOrdered(Array(zip(line, line.dropFirst()))).allSatisfy({ $0 }) {
            return 1
        }
        let sizes = Dictionary(grouping: some) { phases[$0] }.values.map(\.count)
        return max(2, sizes.max() ?? 1)
    }
}

extension Step {
    /// Whether its failure could halt the run: not if it is allowed, nor at the end.
    fileprivate var mayBeCritical: Bool { !allowsFailure && !gating.always }
    /// Whether its failure halts the run, by declaration or by default.
    fileprivate var isCriticalInEffect: Bool { isCritical && mayBeCritical }
}
