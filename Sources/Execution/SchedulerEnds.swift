import DependencyGraph
import WorkflowModel

/// Ending: outcomes, what they mean for dependents, and the end of the run.
extension Scheduler {
    /// Ends a step that was launched; after a stop has begun every end is an abort.
    mutating func end(_ step: Int, _ outcome: StepEnd, _ turn: inout Turn) {
        guard close(step) else { return }
        var outcome = outcome
        let isStuck = stuck.contains(step)
        if let reason = stop.abortReason {
            outcome.status = .aborted
            // Its own limit came first, and would have ended it without the stop too.
            if flights[step]?.cause == nil, !isStuck { outcome.reason = reason }
        }
        outcome.isAllowed =
            outcome.status == .failed && !isStuck && plan.traits[step].contains(.allowsFailure)
        turn.record(.ended(step: step, outcome))
        _ = leave(step, &turn)
        launches.holdsUntil = nil
        switch outcome.status {
        case .aborted: break
        case .failed where !outcome.isAllowed: failed(step, &turn)
        default: satisfyDependents(of: step)
        }
    }

    /// Nothing more happens to a step; false when that is so already.
    @discardableResult
    mutating func close(_ step: Int) -> Bool {
        guard states.move(step, to: .ended) else { return false }
        if barriers != nil { barriers?.stepEnded(at: plan.place(of: step)) }
        return true
    }

    private mutating func failed(_ step: Int, _ turn: inout Turn) {
        hasFailed = true
        blockDependents(of: step, &turn)
        if plan.haltsOnCriticalFailure, plan.traits[step].contains(.isCritical) {
            halt(by: step, &turn)
        }
    }

    // MARK: - Dependents

    /// All that a step depends on has ended well.
    mutating func dependenciesMet(_ step: Int) {
        if isPassedOver(step) { satisfyDependents(of: step) } else { makeReady(step) }
    }

    /// Whether a step was left out, and only passes on what it is given.
    func isPassedOver(_ step: Int) -> Bool {
        !plan.selected[step] && plan.doneEarlier[step] == nil
    }

    /// Lets dependents go on; a step that was not selected passes on what it is given.
    mutating func satisfyDependents(of step: Int) {
        var open = [step]
        while let next = open.popLast() {
            for dependent in plan.resolved.graph.dependents(of: next) {
                unmet[dependent] -= 1
                guard unmet[dependent] == 0 else { continue }
                if isPassedOver(dependent) {
                    open.append(dependent)
                } else {
                    // One that was done earlier has told its dependents, and has ended.
                    makeReady(dependent)
                }
            }
        }
    }

    /// Skips all that depends on a failed step, directly or through others.
    mutating func blockDependents(of failed: Int, _ turn: inout Turn) {
        var open = [failed]
        var next = 0
        while next < open.count {
            for dependent in plan.resolved.graph.dependents(of: open[next]) {
                if isPassedOver(dependent) {
                    // Marked, so that what lies behind it is looked at once.
                    guard unmet[dependent] > 0 else { continue }
                    unmet[dependent] = .min / 2
                    open.append(dependent)
                } else if states[dependent] == .pending {
                    close(dependent)
                    turn.record(.skipped(step: dependent, .dependencyFailed(failed)))
                    open.append(dependent)
                }
            }
            next += 1
        }
    }

    // MARK: - The end of the run

    /// Ends the run when no step holds a slot and none will.
    mutating func finishIfDone(_ turn: inout Turn) {
        guard hasBegun, flights.isEmpty else { return }
        if unfinishedCount > 0 {
            if let reason = stop.skipReason {
                skipRest(reason, &turn)
            } else if !waitsForTime {
                // Only a workflow that validation lets through by mistake comes here.
                hasFailed = true
                skipRest(.other("it needs more of a resource than there is"), &turn)
            } else {
                return
            }
        }
        let status: RunStatus =
            stop.signal != nil ? .aborted : hasFailed ? .failed : .complete
        isFinished = true
        turn.record(.runEnded(status))
        turn.act(.finish(status))
    }

    private mutating func skipRest(_ reason: StepReason, _ turn: inout Turn) {
        for step in 0..<states.count where states[step] != .ended {
            closeUnstarted(step, .aborted, reason, &turn)
        }
    }
}
