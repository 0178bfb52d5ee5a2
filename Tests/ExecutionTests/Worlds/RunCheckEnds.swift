import WorkflowModel

@testable import Execution

/// How steps end, and whether that is what became of them.
extension RunCheck {
    mutating func ended(_ step: Int, _ end: StepEnd, at now: RunTime) {
        expect(final & bit(step) == 0, step, "ended twice")
        if reviews.queue.contains(step) || courses[step].decision != nil {
            endedByDecision(step, end, at: now)
            return
        }
        if end.status == .cached {
            endedAsRestored(step, end)
            return
        }
        if case .breakerOpen = end.reason, courses[step].attempts == 0 {
            failedFast(step, end, at: now)
            return
        }
        if case .conditionError = end.reason {
            expect(isConditionError(step) && !isStopping, step, "no error of its condition")
            expect(courses[step].attempts == 0, step, "its condition after a launch")
        } else {
            checkAttempt(step, end, at: now)
        }
        let truth = truths[step]
        let wasUnstarted =
            truth.life == .none && end.status == .aborted && (isStopping || isGroupHalted(step))
        let isAborted = isStopped(step) || wasUnstarted
        if case .groupHalted(let name, let other) = end.reason {
            expectOwnGroup(step, name, by: other)
        }
        expect(isAborted == (end.status == .aborted), step, "\(end.status) of a stop")
        if !isAborted, courses[step].attempts > 0 {
            checkOutcome(step, truth, end, isStep: true, at: now)
        }
        let wasRunning = active & bit(step) != 0
        final |= bit(step)
        active &= ~bit(step)
        switch end.status {
        case .complete:
            noteOutcome(of: step, nil, succeeded: true)
            policy.inARow = 0
            endedWell |= bit(step)
        case .failed:
            if wasRunning { expectNothingLeft(step, end.reason, at: now) }
            noteOutcome(of: step, wasRunning ? end.reason : nil)
            if end.isAllowed {
                endedWell |= bit(step)
            } else {
                hasFailed(step, end.reason, at: now)
            }
        default:
            endProbes(of: step)
            unwell |= bit(step)
            if isGroupHalted(step) { passOn(step) }
        }
    }

    /// A step failed without a start, behind an open breaker.
    private mutating func failedFast(_ step: Int, _ end: StepEnd, at now: RunTime) {
        expect(brakes.isFailingFast(plan.claims(of: step)), step, "its breaker is not open")
        expect(end.status == .failed && end.exit == nil, step, "\(end) behind a breaker")
        expect(!isFinalizer(step), step, "a finalizer kept from its one run")
        let isAllowed = declared(step).allowsFailure
        expect(end.isAllowed == isAllowed, step, "isAllowed")
        final |= bit(step)
        if isAllowed {
            endedWell |= bit(step)
        } else {
            hasFailed(step, at: now)
        }
    }

    /// Whether an attempt may be over: its processes are gone, or there never were any.
    mutating func checkAttempt(_ step: Int, _ end: StepEnd, at now: RunTime) {
        let truth = truths[step]
        expect(truth.execution > 0 || courses[step].isBetween, step, "ended without a launch")
        expect(!truth.isVerifying, step, "ended before its outputs were looked for")
        if case .unkillable = end.reason {
            expect(hasProcess(step) && truth.giveUpAt == now, step, "given up at another time")
            truths[step].life = .givenUp
            stuck |= bit(step)
        } else {
            let isUnstarted = truth.wasPutOff || courses[step].isBetween
            expect(
                truth.life == .gone || (truth.life == .none && isUnstarted), step,
                "ended while it has processes")
        }
        expect(end.exit == truth.exit, step, "another exit than it had")
    }

    /// A step ended and failed: what never could start is nobody's failure.
    private mutating func hasFailed(_ step: Int, _ reason: StepReason?, at now: RunTime) {
        if case .other = reason {
            passOn(step)
        } else {
            hasFailed(step, at: now)
        }
    }

    /// Whether an attempt came to what it is said to; a step also to whether that is allowed.
    mutating func checkOutcome(
        _ step: Int, _ truth: Truth, _ end: StepEnd, isStep: Bool, at now: RunTime
    ) {
        let declared = declared(step)
        var expected: StepReason?
        var mayBeAllowed = true
        switch truth.exit {
        case _ where truths[step].life == .givenUp:
            expected = end.reason
            mayBeAllowed = false
        case nil:
            (expected, mayBeAllowed) = outcomeOfNothing(step, end, at: now)
        case _ where truth.cause != nil: expected = truth.cause
        case .exited(let code) where code != 0: expected = .exited(code)
        case .signalled(let signal, let core): expected = .signalled(signal, coreDumped: core)
        default: expected = outcomeOfSuccess(step, truth, end, at: now)
        }
        expect(end.reason == expected, step, "\(end) instead of \(String(describing: expected))")
        let isWell =
            truth.exit == .exited(0) && truth.cause == nil && expected == nil
        expect(
            (end.status == .complete) == isWell, step,
            "\(end.status) after \(String(describing: truth.exit))")
        guard isStep else { return }
        expect(
            end.isAllowed == (end.status == .failed && declared.allowsFailure && mayBeAllowed),
            step, "isAllowed")
    }

    /// What an attempt without a process may have failed of, and whether that may be allowed.
    private func outcomeOfNothing(
        _ step: Int, _ end: StepEnd, at now: RunTime
    ) -> (StepReason?, Bool) {
        switch end.reason {
        case .notStarted where !courses[step].isBetween: (end.reason, true)
        case .other where isObstructed(step): (end.reason, false)
        case .breakerOpen where brakes.isFailingFast(plan.claims(of: step)): (end.reason, true)
        // While it was on its way its failure may be allowed; afterwards it is none of its.
        case .timedOut(.phase, _) where isOverdue(step, now): (end.reason, end.isAllowed)
        default: (nil, true)
        }
    }

    /// What an attempt that exited with 0 may have failed of.
    private mutating func outcomeOfSuccess(
        _ step: Int, _ truth: Truth, _ end: StepEnd, at now: RunTime
    ) -> StepReason? {
        let declared = declared(step)
        let hasLeft = truth.leftOthers && declared.leftovers == .fail
        if hasLeft, !truth.isChecking, case .leftProcesses = end.reason { return end.reason }
        if !declared.outputFiles.isEmpty || declared.gating.successPattern != nil {
            expect(truth.found != nil, step, "nobody looked for its outputs")
        }
        if let missing = truth.found?.missing, !missing.isEmpty { return .outputsMissing(missing) }
        if truth.found?.hasSucceeded == false {
            return .successPatternMissing(declared.gating.successPattern ?? "")
        }
        guard declared.gating.verify != nil else { return nil }
        expect(truth.isChecking, step, "nobody checked it")
        if let exit = truth.checkExit {
            if !exit.isSuccess { return .verifyFailed(exit) }
            if hasLeft, case .leftProcesses = end.reason { return end.reason }
            return nil
        }
        expect(truth.checkFailedToStart, step, "ended before its check")
        switch end.reason {
        case .notStarted: return end.reason
        case .timedOut(.phase, _) where isOverdue(step, now): return end.reason
        default: return .other("a check that did not start")
        }
    }

    mutating func skipped(_ step: Int, _ reason: StepReason, at now: RunTime) {
        expect(final & bit(step) == 0, step, "skipped after its end")
        expect(
            courses[step].attempts == 0 || reason == .decided(.skip), step,
            "skipped after its launch")
        expect(!reviews.queue.contains(step), step, "skipped while it is asked about")
        expect(!isExamining(step), step, "skipped while it is looked at")
        final |= bit(step)
        switch reason {
        case .upToDate, .unchanged: skippedAsUpToDate(step, reason)
        case .notSelected:
            expect(
                !plan.selected[step] && plan.doneEarlier[step] == nil, step,
                "skipped though selected")
        case .doneEarlier(let run, _):
            expect(plan.doneEarlier[step]?.run == run, step, "was not done earlier")
            endedWell |= bit(step)
        case .decided(let decision):
            expect(decision == .skip && courses[step].decision == .skip, step, "decided by nobody")
            courses[step].decision = nil
            endedWell |= bit(step)
        case .conditionFalse(_, let values):
            expect(courses[step].condition == .fails(values: values), step, "its condition holds")
            endedWell |= bit(step)
        case .dependencyFailed(let other):
            expect(failed & bit(other) != 0, step, "skipped for \(other), which has not failed")
            expect(ancestors(of: step) & bit(other) != 0, step, "skipped for a stranger")
            expect(letsOn & bit(other) == 0, step, "skipped for \(other), which is gone on after")
            expect(!isFinalizer(step), step, "a finalizer skipped for what it needs")
            unwell |= bit(step)
            blocks |= bit(step)
        case .timedOut(.phase, _):
            if isOverdue(step, now) {
                hasFailed(step, at: now)
            } else {
                // What comes behind a phase that took too long never starts.
                expect(isBehindOverdue(step, now), step, "skipped for a phase that has time")
                passOn(step)
            }
        case .groupHalted(let name, let other):
            expectOwnGroup(step, name, by: other)
            passOn(step)
        case .other:
            expect(isObstructed(step), step, "skipped though it could run")
            passOn(step)
        default: skippedByStop(step, reason)
        }
    }

    private mutating func skippedByStop(_ step: Int, _ reason: StepReason) {
        switch reason {
        case .halted(let other):
            expect(stop.haltedBy == other, step, "skipped for a halt that was none")
        case .failuresInARow(let count):
            expect(stop.failuresInARow == count, step, "skipped for failures that were not")
        case .interrupted(let signal):
            expect(
                stop.signals > 0 && signal == stop.firstSignal, step, "interrupted by nothing")
        case .timedOut(.run, _):
            expect(
                stop.hitRunLimit && stop.haltedBy == nil, step, "skipped for a limit that was none")
        case .awaitsReview(let other):
            expect(
                stop.isReviewAwaited && stop.awaitsReviewOf == other, step,
                "skipped for a review that nobody awaits")
        default: expect(false, step, "skipped: \(reason)")
        }
        expect(!isFinalizer(step) || mayFinalizerBeSkipped, step, "a finalizer was skipped")
        expect(needs[step] & blocks == 0 || isFinalizer(step), step, "stopped, needs what failed")
        unwell |= bit(step)
    }

    /// Whether the run has come to an end at which finalizers do not run, or begin no more.
    private var mayFinalizerBeSkipped: Bool {
        stopBefore != nil || stop.signals > 2 || stop.isReviewAwaited
    }

    /// Whether a step can never run beside those that were given up.
    private func isObstructed(_ step: Int) -> Bool {
        guard stuck != 0 else { return false }
        return alone & (stuck | bit(step)) != 0 || conflicts[step] & stuck != 0
            || plan.claims(of: step).contains { claim in
                units(of: Int(claim.resource), held: stuck) + Int(claim.units)
                    > plan.resources[Int(claim.resource)].capacity
            }
    }
}
