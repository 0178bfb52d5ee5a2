import DependencyGraph
import WorkflowModel

/// The steps that run at the end, whatever happened.
struct FinalizerState: Sendable {
    /// All of them, by index.
    let steps: [Int]
    /// How many of them the run has not yet come to.
    var waiting: Int
    /// Whether their time has come, or never will.
    var hasBegun = false
    /// Whether a stop came before their end, so that none may take for ever.
    var isHurried = false
    /// What the run had been stopped by when they began; they can be stopped anew.
    var before = StopState()

    init(_ plan: RunPlan) {
        steps = (0..<plan.count).filter { plan.isFinalizer($0) }
        waiting = steps.count
    }

    /// The time of one without a limit of its own, in a run that was stopped.
    static let hurriedLimit = Milliseconds.seconds(300)
}

/// Finalizers: they wait for nothing but the end of everything else, and for each other.
extension Scheduler {
    /// No end of an ordinary step lets a finalizer start, and none keeps it from starting.
    mutating func holdFinalizers() {
        for step in finalizers.steps { unmet[step] = .max / 2 }
    }

    /// Lets the finalizers start, now that all else is over.
    ///
    /// - Returns: Whether there is one that may.
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
        // The run's limit may have come while a halt was stopping what ran.
        let isRunOver = plan.runLimit != nil && runLimitAt == nil
        finalizers.isHurried = stop.signals > 0 || isRunOver
        stop = StopState()
        forgetWaiters()
        liftBrakes()
        effects.record(.finalizing)
        for step in finalizers.steps {
            let needed = plan.resolved.graph.dependencies(of: step).count { isAhead($0) }
            unmet[step] = Int32(truncatingIfNeeded: needed)
        }
        let first = finalizers.steps.filter { unmet[$0] == 0 && isAhead($0) }
        for step in first { dependenciesMet(step) }
        return true
    }

    /// What was busy or failed again and again is left alone for the sake of what may still wait;
    /// the end of a run may not.
    private mutating func liftBrakes() {
        throttles.liftHolds()
        breakers = BreakerState()
        for resource in plan.resources.indices {
            pool.set(.busy, false, on: resource)
            pool.set(.down, false, on: resource)
        }
    }

    /// Whether a finalizer has yet to run, or to pass on what it is given.
    private func isAhead(_ step: Int) -> Bool {
        plan.isFinalizer(step) && (states[step] != .ended || isTransparent(step))
    }

    /// How long an attempt of a step may take; nil for as long as it likes.
    func attemptLimit(of step: Int) -> Milliseconds? {
        if let limit = plan.timeout(of: step) { return limit }
        guard finalizers.isHurried, plan.isFinalizer(step) else { return nil }
        return FinalizerState.hurriedLimit
    }

    /// The run has taken too long, but only finalizers are left: they may end, and no more.
    mutating func hurryFinalizers(_ now: RunTime) {
        guard !finalizers.isHurried else { return }
        finalizers.isHurried = true
        for (step, active) in activeSteps.sorted(by: { $0.key < $1.key })
        where active.stage == .none && active.limitAt == nil
            && (active.pid != 0 || active.isChecking)
        {
            let time = now.advanced(byNanoseconds: FinalizerState.hurriedLimit.nanoseconds)
            // It holds for a `verify` command that is still to come, too.
            activeSteps[step]?.limitAt = time
            guard states[step] == .running else { continue }
            activeSteps[step]?.deadline = time
            setDeadline(time, of: .step(step))
        }
    }
}
