import DependencyGraph
import WorkflowModel

/// The steps that run at the end, whatever happened.
struct FinalizerState: Sendable {
    /// All finalizers, by index.
    let steps: [Int]
    /// How many of them still wait for the other steps; 0 once the finalizers have begun.
    var waiting: Int
    /// Whether the finalizers have begun, or never will.
    var hasBegun = false
    /// Whether a stop came before their end, which gives each of them a time limit.
    var isHurried = false
    /// What had stopped the run when they began; they can be stopped again.
    var before = StopState()

    init(_ plan: RunPlan) {
        steps = (0..<plan.count).filter { plan.isFinalizer($0) }
        waiting = steps.count
    }

    /// The time limit of a finalizer without one of its own, in a stopped run.
    static let hurriedLimit = Milliseconds.seconds(300)
}

/// Finalizers: they wait only for the end of all other steps, and for each other.
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
        finalizers.hasBegun = true
        finalizers.waiting = 0
        guard finalizers.steps.contains(where: { states[$0] != .ended }) else { return false }
        if stop.signals > 2, let reason = stop.skipReason {
            skipRest(reason, &effects)
            return false
        }
        if stop.isReviewAwaited, let step = stop.awaitsReviewOf {
            skipRest(.awaitsReview(of: step), &effects)
            return false
        }
        finalizers.before = stop
        // The run's time limit may have been reached while a halt was stopping its steps.
        let isRunOver = plan.runLimit != nil && runLimitAt == nil
        finalizers.isHurried = stop.signals > 0 || isRunOver
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
        guard finalizers.isHurried, plan.isFinalizer(step) else { return nil }
        return FinalizerState.hurriedLimit
    }

    /// The run has reached its time limit with only finalizers left: these may end, and no more.
    mutating func hurryFinalizers(_ now: RunTime) {
        guard !finalizers.isHurried else { return }
        finalizers.isHurried = true
        for (step, active) in activeSteps.sorted(by: { $0.key < $1.key })
        where active.stage == .none && active.limitAt == nil
            && (active.pid != 0 || active.isChecking)
        {
            let time = now.advanced(byNanoseconds: FinalizerState.hurriedLimit.nanoseconds)
            // The limit includes a `verify` command that is still to come.
            activeSteps[step]?.limitAt = time
            guard states[step] == .running else { continue }
            activeSteps[step]?.deadline = time
            setDeadline(time, of: .step(step))
        }
    }
}
