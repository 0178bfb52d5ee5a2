import DependencyGraph
import WorkflowModel

/// Ends: outcomes, their meaning for dependents, and the end of the run.
extension Scheduler {
    /// Ends a step with any result; after a stop has begun every end is an abort.
    mutating func end(_ step: Int, _ outcome: StepEnd, _ effects: inout Effects) {
        guard states[step]?.canBecome(.ended) == true else { return }
        var outcome = outcome
        let isUnkillable = unkillable.contains(step)
        if let reason = abortReason(of: step) {
            outcome.status = .aborted
            // Its own limit came first, and would have ended it without the stop too.
            if activeSteps[step]?.cause == nil, !isUnkillable { outcome.reason = reason }
        }
        outcome.isAllowed =
            outcome.status == .failed && !isUnkillable && plan.traits[step].contains(.allowsFailure)
        launches.pausedUntil = nil
        if outcome.status == .failed, !outcome.isAllowed {
            fail(step, with: outcome, consequence(ofFailureOf: step), &effects)
            return
        }
        close(step)
        effects.record(.ended(step: step, outcome))
        giveBack(step, &effects)
        if outcome.status == .aborted {
            policy.unwell.insert(step)
            // The stop of a run skips all remaining steps; that of a group only the dependents.
            if groupHalt(of: step) != nil { passOnFailure(of: step, &effects) }
        } else {
            if outcome.status != .failed { policy.failuresInARow = 0 }
            noteEffect(of: step)
            satisfyDependents(of: step)
        }
    }

    /// Releases what a step holds, if it holds a slot.
    mutating func giveBack(_ step: Int, _ effects: inout Effects) {
        if activeSteps[step] != nil { _ = leave(step, &effects) }
    }

    /// Marks a step as ended; false when it has ended already.
    @discardableResult
    mutating func close(_ step: Int) -> Bool {
        guard states.move(step, to: .ended) else { return false }
        // A step that ends before its condition is known must not keep a slot from others.
        undecided.remove(Int(plan.order.ranks[step]))
        if plan.isFinalizer(step) {
            finalizers.stepEnded()
        } else if plan.hasBarriers {
            barriers.stepEnded(at: plan.place(of: step))
        }
        return true
    }

    // MARK: - Dependents

    /// Handles a step whose dependencies have all succeeded.
    mutating func dependenciesMet(_ step: Int) {
        if isTransparent(step) { satisfyDependents(of: step) } else { makeReady(step) }
    }

    /// Whether a step was left out by the command line.
    func isExcluded(_ step: Int) -> Bool {
        !plan.selected[step] && plan.doneEarlier[step] == nil
    }

    /// Whether a step does not run and only passes on the results of others.
    func isTransparent(_ step: Int) -> Bool {
        isExcluded(step) || !policy.decidedAhead.isEmpty && policy.decidedAhead.contains(step)
    }

    /// Notifies dependents; an unselected step passes on the results of its dependencies.
    mutating func satisfyDependents(of step: Int) {
        var open = [step]
        while let next = open.popLast() {
            for dependent in plan.resolved.graph.dependents(of: next) {
                unmet[dependent] -= 1
                guard unmet[dependent] == 0 else { continue }
                if isTransparent(dependent) {
                    open.append(dependent)
                } else {
                    // A step done earlier has notified its dependents, and has ended.
                    makeReady(dependent)
                }
            }
        }
    }

    /// Skips everything that depends on a failed step, directly or indirectly.
    mutating func blockDependents(of failed: Int, _ effects: inout Effects) {
        var open = [failed]
        var next = 0
        // A step with an order-only edge has now what it waited for.
        var ordered: [Int] = []
        while next < open.count {
            for dependent in plan.resolved.graph.dependents(of: open[next])
            where !plan.isFinalizer(dependent) {
                if next == 0, plan.orderOnly.contains(Int64(failed) << 32 | Int64(dependent)) {
                    ordered.append(dependent)
                } else if isTransparent(dependent) {
                    // Marked, so that everything behind it is visited once.
                    guard unmet[dependent] > 0 else { continue }
                    unmet[dependent] = .min / 2
                    open.append(dependent)
                } else if states[dependent] == .pending {
                    close(dependent)
                    policy.unwell.insert(dependent)
                    effects.record(.skipped(step: dependent, .dependencyFailed(failed)))
                    open.append(dependent)
                }
            }
            next += 1
        }
        for dependent in ordered {
            unmet[dependent] -= 1
            if unmet[dependent] == 0 { dependenciesMet(dependent) }
        }
    }

    // MARK: - The end of the run

    /// Starts the finalizers when nothing else is left, and ends the run after them.
    ///
    /// - Returns: Whether something may start that could not before.
    mutating func passEnd(_ effects: inout Effects) -> Bool {
        guard hasBegun, activeSteps.isEmpty else { return false }
        if unfinishedCount > finalizers.waiting {
            if let reason = stop.skipReason {
                skipRest(reason, &effects)
            } else if reviews.isEmpty, states.count(of: .evaluating) == 0, !waitsForTime {
                // Only reached for an invalid workflow that validation did not reject.
                hasFailed = true
                skipRest(.other("it needs more of a resource than there is"), &effects)
            } else {
                return false
            }
        }
        if beginFinalizers(&effects) { return true }
        isFinished = true
        effects.record(.runEnded(endStatus))
        effects.act(.finish(endStatus))
        return false
    }

    private var endStatus: RunStatus {
        if stop.signals + finalizers.before.signals > 0 { return .aborted }
        if stop.isReviewAwaited { return .review }
        return hasFailed ? .failed : .complete
    }

    /// Skips all steps that have not started; finalizers only once they have begun.
    mutating func skipRest(_ reason: StepReason, _ effects: inout Effects) {
        for step in 0..<states.count
        where states[step] != .ended && (finalizers.hasBegun || !plan.isFinalizer(step)) {
            closeUnstarted(step, .aborted, reason, &effects)
        }
    }
}
