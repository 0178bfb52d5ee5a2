import DependencyGraph
import WorkflowModel

/// Finalizers: they wait only for the end of all other steps, and for each other.
///
/// ``Finalizers`` decides whether they run; here they are released and get their time limits.
extension Scheduler {
    /// Makes finalizers independent of the ends of ordinary steps, which neither start nor block
    /// them.
    mutating func holdFinalizers() {
        for step in finalizers.steps { unmet[step] = .max / 2 }
    }

    /// Lets the finalizers start once all other steps have ended.
    ///
    /// - Returns: Whether at least one may start.
    mutating func beginFinalizers(_ effects: inout Effects) -> Bool {
        guard !finalizers.hasBegun else { return false }
        let areLeft = finalizers.steps.contains { states[$0] != .ended }
        let isRunOver = plan.runLimit != nil && runLimitAt == nil
        switch finalizers.begin(after: stop, isRunOver: isRunOver, areLeft: areLeft) {
        case .nothing: return false
        case .skip(let reason):
            skipRest(reason, &effects)
            return false
        case .run: break
        }
        stop = StopState()
        forgetWaiters()
        endPausesAndBreakers()
        effects.record(.finalizing)
        for step in finalizers.steps {
            let needed = plan.resolved.graph.dependencies(of: step).count { isPending($0) }
            unmet[step] = Int32(truncatingIfNeeded: needed)
        }
        let first = finalizers.steps.filter { unmet[$0] == 0 && isPending($0) }
        for step in first { dependenciesMet(step) }
        return true
    }

    /// Ends all pauses and breakers: they protect later starts, but the end of the run must not
    /// wait.
    private mutating func endPausesAndBreakers() {
        throttles.endAllPauses()
        breakers.closeAll()
        for resource in plan.resources.indices {
            pool.set(.busy, false, on: resource)
            pool.set(.down, false, on: resource)
        }
    }

    /// Whether a finalizer still has to run, or to be skipped for its dependents.
    private func isPending(_ step: Int) -> Bool {
        plan.isFinalizer(step) && (states[step] != .ended || isTransparent(step))
    }

    /// The time limit of an attempt; nil for none.
    func attemptLimit(of step: Int) -> Milliseconds? {
        if let limit = plan.timeout(of: step) { return limit }
        return plan.isFinalizer(step) ? finalizers.limit : nil
    }

    /// The run has reached its time limit with only finalizers left: these may end, and no more.
    mutating func hurryFinalizers(_ now: RunTime) {
        guard finalizers.hurry(), let limit = finalizers.limit else { return }
        for (step, active) in activeSteps.sorted(by: { $0.key < $1.key })
        where active.stage == .none && active.limitAt == nil
            && (active.pid != 0 || active.isChecking)
        {
            let time = now.advanced(byNanoseconds: limit.nanoseconds)
            // The limit includes a `verify` command that is still to come.
            activeSteps[step]?.limitAt = time
            guard states[step] == .running else { continue }
            activeSteps[step]?.deadline = time
            setDeadline(time, of: .step(step))
        }
    }
}
