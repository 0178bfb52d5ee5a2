import WorkflowModel

@testable import Execution

/// How steps end, and whether that is what became of them.
extension RunCheck {
    mutating func ended(_ step: Int, _ end: StepEnd, at now: RunTime) {
        let truth = truths[step]
        expect(final & bit(step) == 0, step, "ended twice")
        expect(truth.execution > 0, step, "ended without a launch")
        expect(!truth.isVerifying, step, "ended before its outputs were looked for")
        if case .unkillable = end.reason {
            expect(hasProcess(step) && truth.giveUpAt == now, step, "given up at another time")
            truths[step].life = .givenUp
            stuck |= bit(step)
        } else {
            expect(
                truth.life == .gone || (truth.life == .none && truth.wasPutOff), step,
                "ended while it has processes")
        }
        expect(end.exit == truth.exit, step, "another exit than it had")
        let wasPutOff = truth.life == .none && end.status == .aborted && isStopping
        let isAborted = stopsRunning || wasPutOff
        expect(isAborted == (end.status == .aborted), step, "\(end.status) of a stop")
        if !isAborted { checkOutcome(step, truth, end, at: now) }
        final |= bit(step)
        active &= ~bit(step)
        if end.status == .complete || (end.status == .failed && end.isAllowed) {
            endedWell |= bit(step)
        } else if end.status == .failed {
            // One that was never launched again, for want of time, counts as not allowed.
            hasFailed(step, at: now)
        }
    }

    private mutating func hasFailed(_ step: Int, at now: RunTime) {
        failed |= bit(step)
        guard declared(step).isCritical, plan.policy.heedsCritical, !isStopping else { return }
        haltedBy = step
        if isPessimistic {
            forEachProcess { check, step in check.stopReaches(step, at: now) }
        }
    }

    private mutating func checkOutcome(
        _ step: Int, _ truth: Truth, _ end: StepEnd, at now: RunTime
    ) {
        let declared = declared(step)
        var expected: StepReason?
        var mayBeAllowed = true
        switch truth.exit {
        case _ where truths[step].life == .givenUp:
            expected = end.reason
            mayBeAllowed = false
        case nil:
            switch end.reason {
            case .notStarted: expected = end.reason
            case .other where isObstructed(step):
                expected = end.reason
                mayBeAllowed = false
            case .timedOut(.phase, _) where isOverdue(step, now):
                expected = end.reason
                // While it was on its way its failure may be allowed; afterwards it is none of its.
                mayBeAllowed = end.isAllowed
            default: break
            }
        case _ where truth.cause != nil: expected = truth.cause
        case .exited(let code) where code != 0: expected = .exited(code)
        case .signalled(let signal, let core): expected = .signalled(signal, coreDumped: core)
        default:
            if truth.leftOthers, declared.leftovers == .fail, case .leftProcesses = end.reason {
                expected = end.reason
            } else if !declared.outputFiles.isEmpty {
                expect(truth.missing != nil, step, "nobody looked for its outputs")
                if let missing = truth.missing, !missing.isEmpty {
                    expected = .outputsMissing(missing)
                }
            }
        }
        expect(end.reason == expected, step, "\(end) instead of \(String(describing: expected))")
        let isWell =
            truth.exit == .exited(0) && truth.cause == nil && expected == nil
        expect(
            (end.status == .complete) == isWell, step,
            "\(end.status) after \(String(describing: truth.exit))")
        expect(
            end.isAllowed == (end.status == .failed && declared.allowsFailure && mayBeAllowed),
            step, "isAllowed")
    }

    mutating func skipped(_ step: Int, _ reason: StepReason, at now: RunTime) {
        expect(final & bit(step) == 0, step, "skipped after its end")
        expect(truths[step].execution == 0, step, "skipped after its launch")
        final |= bit(step)
        switch reason {
        case .notSelected:
            expect(
                !plan.selected[step] && plan.doneEarlier[step] == nil, step,
                "skipped though selected")
        case .doneEarlier(let run, _):
            expect(plan.doneEarlier[step]?.run == run, step, "was not done earlier")
            endedWell |= bit(step)
        case .dependencyFailed(let other):
            expect(failed & bit(other) != 0, step, "skipped for \(other), which has not failed")
            expect(ancestors(of: step) & bit(other) != 0, step, "skipped for a stranger")
        case .halted(let other):
            expect(haltedBy == other, step, "skipped for a halt that was none")
            expect(ancestors(of: step) & failed == 0, step, "halted, though what it needs failed")
        case .interrupted(let signal):
            expect(signals > 0 && signal == firstSignal, step, "interrupted by nothing")
            expect(ancestors(of: step) & failed == 0, step, "stopped, though what it needs failed")
        case .timedOut(.run, _):
            expect(hitRunLimit && haltedBy == nil, step, "skipped for a limit that was none")
            expect(ancestors(of: step) & failed == 0, step, "stopped, though what it needs failed")
        case .timedOut(.phase, _):
            if isOverdue(step, now) {
                hasFailed(step, at: now)
            } else {
                // What comes behind a phase that took too long never starts.
                expect(isBehindOverdue(step, now), step, "skipped for a phase that has time")
                failed |= bit(step)
            }
        case .other:
            expect(isObstructed(step), step, "skipped though it could run")
            failed |= bit(step)
        default: expect(false, step, "skipped: \(reason)")
        }
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
