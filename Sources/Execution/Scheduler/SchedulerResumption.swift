import DependencyGraph
import WorkflowModel

/// Steps that an earlier run has done and that stay done unless a dependency runs.
///
/// Below a step whose condition may be false again, or that may fail again, this is known only when
/// that step has ended: it is decided when all dependencies have ended.
extension Scheduler {
    /// Whether a step stays done, now that all its dependencies have ended; if so, it is queued to
    /// be recorded.
    mutating func isKeptDone(_ step: Int) -> Bool {
        guard plan.doneUnlessNeedsRun[step] != nil,
            !plan.resolved.graph.dependencies(of: step).contains(where: { withEffect.contains($0) })
        else { return false }
        toKeep.append(step)
        return true
    }

    /// Records which steps stay done, and notifies their dependents.
    mutating func keepWhatIsDone(_ effects: inout Effects) {
        guard !toKeep.isEmpty, !stop.isStopping else { return }
        var next = 0
        while next < toKeep.count {
            let step = toKeep[next]
            next += 1
            guard let done = plan.doneUnlessNeedsRun[step], close(step) else { continue }
            effects.record(.skipped(step: step, .doneEarlier(run: done.run, basis: done.basis)))
            satisfyDependents(of: step)
        }
        toKeep = []
    }

    /// Notes that a step has ended in this run with a result from which its dependents are made.
    mutating func noteEffect(of step: Int) {
        guard !plan.doneUnlessNeedsRun.isEmpty else { return }
        var open = [step]
        while let next = open.popLast() {
            guard withEffect.insert(next).inserted else { continue }
            open += plan.resolved.graph.dependents(of: next).filter { isTransparent($0) }
        }
    }
}
