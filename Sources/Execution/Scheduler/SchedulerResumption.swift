import DependencyGraph
import WorkflowModel

/// Steps that an earlier run has done, and that stay done unless what they need runs.
///
/// Below a step whose condition may be false again, or that may fail as it did, this is known only when
/// that one has ended: it is asked when all that the step needs is settled.
extension Scheduler {
    /// Whether a step stays done, now that all that it needs is settled; it is recorded, then.
    mutating func isKeptDone(_ step: Int) -> Bool {
        guard plan.doneUnlessNeedsRun[step] != nil,
            !plan.resolved.graph.dependencies(of: step).contains(where: { withEffect.contains($0) })
        else { return false }
        toKeep.append(step)
        return true
    }

    /// Records which steps stay done, and lets their dependents go on.
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

    /// A step has ended in this run, and what depends on it is made from that.
    mutating func noteEffect(of step: Int) {
        guard !plan.doneUnlessNeedsRun.isEmpty else { return }
        var open = [step]
        while let next = open.popLast() {
            guard withEffect.insert(next).inserted else { continue }
            open += plan.resolved.graph.dependents(of: next).filter { isTransparent($0) }
        }
    }
}
