import WorkflowModel

@testable import Execution

/// What the scheduler does, and whether it may.
extension RunCheck {
    mutating func asked(_ step: Int, isGranted: Bool) {
        expect(!isStopping, step, "takes locks after a stop")
        expect((acquiring | holding) & bit(step) == 0, step, "takes locks twice")
        expect(final & bit(step) == 0, step, "takes locks after its end")
        acquiring |= bit(step)
        for claim in plan.claims(of: step) {
            let resource = plan.resources[Int(claim.resource)]
            expect(
                units(of: Int(claim.resource)) <= resource.capacity, step,
                "takes more of `\(resource.name)` than there is")
        }
    }

    mutating func released(_ step: Int) {
        expect(holding & bit(step) != 0, step, "gives back locks that it does not have")
        expect(
            truths[step].life == .none || truths[step].life == .gone, step,
            "gives its locks back too early")
        holding &= ~bit(step)
    }

    mutating func launched(_ step: Int, _ execution: Int, at now: RunTime) {
        let others = active | stuck
        active |= bit(step)
        expect(truths[step].life == .none && final & bit(step) == 0, step, "launched twice")
        expect(truths[step].execution == execution && execution > 0, step, "launch not on record")
        expect(!isStopping, step, "launched after a stop")
        expect(
            plan.selected[step] && plan.doneEarlier[step] == nil, step,
            "launched though not selected")
        expect(needs[step] & ~endedWell == 0, step, "launched before what it needs")
        expect(active.nonzeroBitCount <= plan.limit, step, "over the limit")
        expect(others & conflicts[step] == 0, step, "beside a conflicting step")
        expect(others == 0 || alone & (active | stuck) == 0, step, "not alone")
        checkBarrier(step, at: now)
        var isLocked = false
        for claim in plan.claims(of: step) {
            let resource = plan.resources[Int(claim.resource)]
            isLocked = isLocked || resource.isLockable
            expect(
                units(of: Int(claim.resource), held: active | stuck) <= resource.capacity, step,
                "over the capacity of `\(resource.name)`")
        }
        expect(isLocked == (holding & bit(step) != 0), step, "launched without its locks")
        truths[step].life = .launching
    }

    private mutating func checkBarrier(_ step: Int, at now: RunTime) {
        guard plan.hasBarriers else { return }
        let place = plan.place(of: step)
        for other in 0..<plan.count where final & bit(other) == 0 {
            let before = plan.place(of: other)
            expect(
                before.task != place.task || before.phase >= place.phase, step,
                "launched before step \(other) of an earlier phase has ended")
        }
        // At the very moment of its end a step that was given its locks may just be launched.
        let limit = phaseLimits[place] ?? now
        expect(limit >= now, step, "launched after the end of its phase")
        if let limit = plan.phaseLimit, phaseLimits[place] == nil {
            phaseLimits[place] = now.advanced(byNanoseconds: limit.nanoseconds)
        }
    }

    mutating func groupSignalled(_ step: Int, _ signal: Int32, at now: RunTime) {
        let truth = truths[step]
        expect(hasProcess(step), step, "signalled without a process")
        expect(!truth.isKilled, step, "signalled after KILL")
        if truth.life == .alive, !stopsRunning, signal == 15 {
            expect(isRight(truth.said, of: step, at: now), step, "stopped for no reason")
            truths[step].cause = truth.said
        }
        if truth.life == .alive { truths[step].wasSignalled = true }
        if truth.killBy == nil {
            truths[step].killBy = now.advanced(byNanoseconds: grace(step))
        }
        switch signal {
        case 9:
            expect(truths[step].killBy == now, step, "killed before its grace is over")
            truths[step].giveUpAt = now.advanced(byNanoseconds: 5_000_000_000)
            truths[step].terminateBy = nil
        case 15:
            truths[step].terminateBy = nil
        default:
            expect(signal == firstSignal && !truth.wasSignalled, step, "passed on twice")
            truths[step].terminateBy = now.advanced(byNanoseconds: grace(step) / 2)
        }
    }

    /// Whether what was said of a step that is stopped is true.
    private func isRight(_ reason: StepReason?, of step: Int, at now: RunTime) -> Bool {
        switch reason {
        case .timedOut(.attempt, let limit):
            declared(step).timeout?.value == limit && truths[step].limit.map { $0 <= now } ?? false
        case .timedOut(.idle, let limit):
            plan.idleTimeout(of: step)?.value == limit && idleLimit(step).map { $0 <= now } ?? false
        case .timedOut(.phase, let limit):
            plan.phaseLimit?.value == limit && isOverdue(step, now)
        case .wantedTerminal(let signal): truths[step].wantsTerminal == signal
        default: false
        }
    }

    mutating func askedForOutput(_ step: Int, at now: RunTime) {
        expect(isLeaderAlive(step) && !truths[step].wasSignalled, step, "asked for its output")
        expect(!truths[step].isAsked, step, "asked twice for its output")
        expect(truths[step].askBy == now, step, "asked for its output at another time")
        truths[step].isAsked = true
    }

    mutating func verifies(_ step: Int) {
        expect(truths[step].life == .gone, step, "verified while it has processes")
        expect(truths[step].exit == .exited(0), step, "verified after a failure")
        expect(!declared(step).outputFiles.isEmpty, step, "verified without outputs")
        expect(truths[step].missing == nil && !truths[step].isVerifying, step, "verified twice")
        truths[step].isVerifying = true
    }

    mutating func gaveUp(_ step: Int) {
        expect(truths[step].life == .givenUp, step, "abandoned without an end")
    }

    mutating func recorded(_ kind: RunEvent.Kind, at now: RunTime) {
        expect(runEnded == nil, "on record after the end")
        switch kind {
        case .launched(let step, _, _, let execution):
            executions += 1
            expect(truths[step].execution == 0, step, "launched twice on record")
            expect(execution == executions, step, "executions do not count on")
            truths[step].execution = execution
        case .started(let step, _, _, _):
            expect(truths[step].life == .alive, step, "started on record without a process")
        case .terminating(let step, _, let reason): truths[step].said = reason
        case .ended(let step, let end): ended(step, end, at: now)
        case .skipped(let step, let reason): skipped(step, reason, at: now)
        case .runEnded(let status): runEnded = status
        case .halting(let step): expect(haltedBy == step, step, "a halt that was none")
        case .stopping: expect(signals == 1, "a stop on record without a signal")
        case .killed(let step): expect(!truths[step].isKilled, step, "killed twice")
        case .limitReached(let kind, _): limitReached(kind, at: now)
        case .barrierPassed(let task, let phase):
            let place = RunPlan.Place(task: task, phase: phase)
            expect(barriersOnRecord.insert(place).inserted, "\(place) passed twice")
            for step in 0..<plan.count where plan.place(of: step) == place {
                expect(final & bit(step) != 0, step, "its phase was passed before its end")
            }
        default: break
        }
    }

    private mutating func limitReached(_ kind: TimeoutKind, at now: RunTime) {
        switch kind {
        case .run:
            expect(runLimitAt == now && !hitRunLimit, "the run's limit at another time")
            expect(!stopsRunning, "the run's limit after a stop")
            hitRunLimit = true
            forEachProcess { check, step in check.stopReaches(step, at: now) }
        case .phase:
            phaseLimitsOnRecord += 1
            let reached = phaseLimits.values.count { $0 <= now }
            expect(phaseLimitsOnRecord <= reached, "a phase's limit too early")
        case .attempt, .idle: expect(false, "a limit of a step as one of the run")
        }
    }

    mutating func finished(_ status: RunStatus) {
        expect(!isFinished, "finished twice")
        isFinished = true
        expect(runEnded == status, "finished without a record")
        expect(final == (1 << UInt64(plan.count)) - 1, "finished with steps left")
        expect(active == 0 && acquiring == 0, "finished while something runs")
        expect(holding & ~stuck == 0, "finished with locks held")
        let isFailed = failed != 0 || hitRunLimit
        let expected: RunStatus = signals > 0 ? .aborted : isFailed ? .failed : .complete
        expect(status == expected, "\(status) instead of \(expected)")
    }
}
