import DependencyGraph
public import WorkflowModel

/// The steps of a recorded run in the order in which they first started there.
public struct ReplayOrder: Sendable {
    /// The id of the run.
    public let run: String
    /// The steps that started, each once.
    public let started: [StepID]
    /// The steps that the run was about and that never started.
    public let neverStarted: [StepID]

    /// Reads the order out of a journal; a step starts when its first process exists.
    public init(_ journal: Journal) {
        let ids = journal.header.steps.map { StepID($0.id) }
        var hasStarted = [Bool](repeating: false, count: ids.count)
        var isLeftOut = hasStarted
        var order: [StepID] = []
        for event in journal.events {
            switch event.kind {
            case .started(let step, _, _, _) where ids.indices.contains(step):
                if !hasStarted[step] { order.append(ids[step]) }
                hasStarted[step] = true
            case .skipped(let step, .notSelected) where ids.indices.contains(step):
                isLeftOut[step] = true
            case .skippedTogether(let steps, .notSelected):
                for step in steps where ids.indices.contains(step) { isLeftOut[step] = true }
            default:
                break
            }
        }
        run = journal.header.runID
        started = order
        neverStarted = ids.indices.filter { !hasStarted[$0] && !isLeftOut[$0] }.map { ids[$0] }
    }

    /// Whether each step of a workflow is one of these.
    static func selection(
        of steps: [StepID], run: String, graph: Graph<StepID>
    ) throws(PlanError) -> [Bool] {
        guard graph.count > 0 else { throw .noSteps }
        guard !steps.isEmpty else { throw .replay(.nothingStarted, run: run) }
        let unknown = steps.filter { graph.index(of: $0) == nil }
        guard unknown.isEmpty else { throw .replay(.unknown(unknown), run: run) }
        var selected = [Bool](repeating: false, count: graph.count)
        for step in steps.compactMap({ graph.index(of: $0) }) { selected[step] = true }
        return selected
    }

    /// Refuses an order that the workflow does not allow any more, in O(V + E).
    ///
    /// Each step waits for its turn, so that such a run would come to a stand.
    static func check(_ plan: RunPlan) throws(PlanError) {
        guard case .replay(let run, _) = plan.startOrder else { return }
        let graph = plan.resolved.graph
        // For each step, which of those that it comes after, itself or through steps left out,
        // has the last turn.
        var latest = [Int](repeating: -1, count: graph.count)
        for step in graph.topologicalOrder() {
            for dependency in graph.dependencies(of: step) {
                let needed = plan.selected[dependency] ? dependency : latest[dependency]
                for other in [needed, latest[dependency]] where other >= 0 {
                    let isLater = latest[step] < 0 || plan.rank(other) > plan.rank(latest[step])
                    if isLater { latest[step] = other }
                }
            }
            guard plan.selected[step], latest[step] >= 0,
                plan.rank(latest[step]) > plan.rank(step)
            else { continue }
            throw .replay(
                .dependency(step: graph.nodes[step], of: graph.nodes[latest[step]]), run: run)
        }
        try checkPhases(plan, run)
    }

    /// Steps that always run come last, and barriers keep the phases of a task apart.
    private static func checkPhases(_ plan: RunPlan, _ run: String) throws(PlanError) {
        let ids = plan.resolved.graph.nodes
        var finalizer: Int?
        var last: [Int: Int] = [:]
        for step in plan.order.steps.lazy.map({ Int($0) }) where plan.selected[step] {
            if plan.isFinalizer(step) {
                finalizer = finalizer ?? step
                continue
            }
            if let finalizer {
                throw .replay(.finalizer(step: ids[finalizer], before: ids[step]), run: run)
            }
            guard plan.hasBarriers else { continue }
            let task = plan.resolved.workflow.steps[step].task
            if let other = last[task], plan.phases[other] > plan.phases[step] {
                throw .replay(.barrier(step: ids[other], before: ids[step]), run: run)
            }
            last[task] = step
        }
    }
}

/// Why the steps of a recorded run cannot be run again in its order.
public enum ReplayProblem: Hashable, Sendable {
    /// No step of it ever started.
    case nothingStarted
    /// The workflow does not have these steps any more.
    case unknown([StepID])
    /// A step started before one that it depends on now.
    case dependency(step: StepID, of: StepID)
    /// A step that always runs now, after all others, started before another.
    case finalizer(step: StepID, before: StepID)
    /// Barriers stand between these now.
    case barrier(step: StepID, before: StepID)
}

extension ReplayProblem {
    func diagnostics(of run: String) -> [Diagnostic] {
        let help = "`stepvisor -n` shows the order of a run of its own"
        switch self {
        case .nothingStarted:
            return [
                .error(
                    "run \(run) cannot be replayed: no step of it was started",
                    help: "`stepvisor status` shows the latest run; `ls .stepvisor/runs` lists all")
            ]
        case .unknown(let steps):
            return steps.map { step in
                .error(
                    "run \(run) cannot be replayed: the workflow has no step `\(step)` any more",
                    help: help)
            }
        case .dependency(let step, let needed):
            return [
                .error(
                    "run \(run) cannot be replayed: `\(step)` started before `\(needed)` there, "
                        + "and now depends on it", help: help)
            ]
        case .finalizer(let step, let other):
            return [
                .error(
                    "run \(run) cannot be replayed: `\(step)` started before `\(other)` there, "
                        + "and now runs after all others (always)", help: help)
            ]
        case .barrier(let step, let other):
            return [
                .error(
                    "run \(run) cannot be replayed: `\(step)` started before `\(other)` there, "
                        + "and now a barrier stands between their phases", help: help)
            ]
        }
    }
}

extension RunPlan {
    fileprivate func rank(_ step: Int) -> Int32 { order.ranks[step] }
}
