import WorkflowModel

@testable import Execution

/// What the scheduler does, and whether it may.
extension RunCheck {
    mutating func asked(_ step: Int, isGranted: Bool) {
        expect(!isStopping && !isGroupHalted(step), step, "takes locks after a stop")
        expect(reviews.queue.isEmpty, step, "takes locks while a question is open")
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
            !isExamining(step) && (truths[step].life == .none || truths[step].life == .gone), step,
            "gives its locks back too early")
        holding &= ~bit(step)
    }

    /// What a launch was told.
    struct Launch {
        var attempt: Int
        var method: StepMethod
        var execution: Int
        var failed: [Int]
    }

    mutating func launched(_ step: Int, _ launch: Launch, at now: RunTime) {
        let course = courses[step]
        expect(!isExamining(step), step, "launched while it is looked at")
        expect(truths[step].life == .none && final & bit(step) == 0, step, "launched twice")
        expect(
            truths[step].execution == launch.execution && launch.execution > 0, step,
            "launch not on record")
        expect(
            launch.attempt == course.attempts && launch.method == course.method, step,
            "another attempt than on record")
        mayBegin(step, "launched", at: now)
        active |= bit(step)
        let failed = steps(needs[step] & unwell)
        expect(
            launch.failed == failed, step, "told of \(launch.failed) instead of \(failed)")
        passesBrakes(step, at: now)
        if plan.hasBarriers, !isFinalizer(step), let limit = plan.phaseLimit,
            phaseLimits[plan.place(of: step)] == nil
        {
            phaseLimits[plan.place(of: step)] = now.advanced(byNanoseconds: limit.nanoseconds)
        }
        truths[step].life = .launching
    }

    /// Whether a step may take its slot: to be launched, or to be looked at before.
    mutating func mayBegin(_ step: Int, _ what: String, at now: RunTime) {
        let others = (active | stuck) & ~bit(step)
        let all = others | bit(step)
        expect(!isStopping, step, "\(what) after a stop")
        expectGroupLets(step, what)
        expect(reviews.queue.isEmpty, step, "\(what) while a question is open")
        expect(
            plan.selected[step] && plan.doneEarlier[step] == nil, step,
            "\(what) though not selected")
        expectNeedsSettled(step, what)
        expect(
            declared(step).gating.condition == nil || courses[step].condition == .holds, step,
            "\(what) without its condition")
        expect((active | bit(step)).nonzeroBitCount <= plan.limit, step, "over the limit")
        expect(others & conflicts[step] == 0, step, "beside a conflicting step")
        expect(others == 0 || alone & all == 0, step, "not alone")
        checkBarrier(step, what, at: now)
        var isLocked = false
        for claim in plan.claims(of: step) {
            let resource = plan.resources[Int(claim.resource)]
            isLocked = isLocked || resource.isLockable
            expect(
                units(of: Int(claim.resource), held: all) <= resource.capacity, step,
                "over the capacity of `\(resource.name)`")
        }
        expect(isLocked == (holding & bit(step) != 0), step, "\(what) without its locks")
    }

    private mutating func checkBarrier(_ step: Int, _ what: String, at now: RunTime) {
        guard plan.hasBarriers, !isFinalizer(step) else { return }
        let place = plan.place(of: step)
        for other in 0..<plan.count where (final | finalizers) & bit(other) == 0 {
            let before = plan.place(of: other)
            expect(
                before.task != place.task || before.phase >= place.phase, step,
                "\(what) before step \(other) of an earlier phase has ended")
        }
        // At the very moment of its end a step that was given its locks may just be launched.
        let limit = phaseLimits[place] ?? now
        expect(limit >= now, step, "\(what) after the end of its phase")
    }

    mutating func groupSignalled(_ step: Int, _ signal: Int32, at now: RunTime) {
        let truth = truths[step]
        expect(hasProcess(step), step, "signalled without a process")
        expect(!truth.isKilled, step, "signalled after KILL")
        if truth.life == .alive, !isStopped(step), signal == 15 {
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
            expect(signal == stop.firstSignal && !truth.wasSignalled, step, "passed on twice")
            truths[step].terminateBy = now.advanced(byNanoseconds: grace(step) / 2)
        }
    }

    /// Whether what was said of a step that is stopped is true.
    private func isRight(_ reason: StepReason?, of step: Int, at now: RunTime) -> Bool {
        switch reason {
        case .timedOut(.attempt, let limit):
            attemptLimit(step)?.value == limit && truths[step].limit.map { $0 <= now } ?? false
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

    mutating func verifies(_ step: Int, _ request: VerificationRequest) {
        let truth = truths[step]
        let hasSucceeded = truth.exit == .exited(0) && truth.cause == nil
        expect(truth.life == .gone, step, "verified while it has processes")
        expect(!request.isEmpty && !truth.isChecking, step, "verified for nothing")
        expect(truth.found == nil && !truth.isVerifying, step, "verified twice")
        if request.contains(.outputs) {
            expect(!declared(step).outputFiles.isEmpty, step, "verified without outputs")
        }
        if !request.isDisjoint(with: [.outputs, .successPattern]) {
            expect(hasSucceeded, step, "verified after a failure")
        }
        truths[step].isVerifying = true
    }

    mutating func launchedCheck(_ step: Int, _ execution: Int, at now: RunTime) {
        let truth = truths[step]
        expect(active & bit(step) != 0 && truth.life == .gone, step, "checked out of turn")
        expect(declared(step).gating.verify != nil, step, "checked without a check")
        expect(truth.execution == execution, step, "a check of another execution")
        expect(truth.exit == .exited(0) && truth.cause == nil, step, "checked after a failure")
        expect(!truth.isVerifying && truth.checkExit == nil, step, "checked twice")
        expect(
            truth.found.map { $0.missing.isEmpty && $0.hasSucceeded } ?? true, step,
            "checked though something is missing")
        expect(!isStopped(step), step, "checked after a stop")
        truths[step].isChecking = true
        truths[step].life = .launching
        truths[step].leftOthers = false
        truths[step].wasSignalled = false
        truths[step].terminateBy = nil
        truths[step].killBy = nil
        truths[step].giveUpAt = nil
        truths[step].said = nil
        truths[step].askBy = nil
        truths[step].isAsked = false
        truths[step].wantsTerminal = nil
    }

    mutating func gaveUp(_ step: Int) {
        expect(truths[step].life == .givenUp, step, "abandoned without an end")
    }

    mutating func recorded(_ kind: RunEvent.Kind, at now: RunTime) {
        expect(runEnded == nil, "on record after the end")
        switch kind {
        case .launched(let step, let attempt, let method, let execution):
            launchesUnskipped(step)
            launchedOnRecord(step, attempt, method, execution, at: now)
        case .due(let step, let causes): dueOnRecord(step, causes)
        case .started(let step, _, _, _), .checkStarted(let step, _, _):
            expect(truths[step].life == .alive, step, "started on record without a process")
        case .terminating(let step, _, let reason): truths[step].said = reason
        case .ended(let step, let end): ended(step, end, at: now)
        case .skipped(let step, let reason): skipped(step, reason, at: now)
        case .runEnded(let status): runEnded = status
        case .halting(let step): haltIsOnRecord(step)
        case .groupHalting(let step): groupHaltIsOnRecord(step)
        case .stopping: expect(stop.signals == 1, "a stop on record without a signal")
        case .killed(let step): expect(!truths[step].isKilled, step, "killed twice")
        case .limitReached(let kind, _, _): limitReached(kind, at: now)
        case .barrierPassed(let task, let phase):
            let place = RunPlan.Place(task: task, phase: phase)
            expect(barriersOnRecord.insert(place).inserted, "\(place) passed twice")
            for step in 0..<plan.count where plan.place(of: step) == place && !isFinalizer(step) {
                expect(final & bit(step) != 0, step, "its phase was passed before its end")
            }
        default: recordedOfPolicy(kind, at: now)
        }
    }

    private mutating func recordedOfPolicy(_ kind: RunEvent.Kind, at now: RunTime) {
        switch kind {
        case .attemptFailed(let step, let failure):
            brakes.longestDelay = 0
            attemptFailed(step, failure, at: now)
        case .retryScheduled(let step, let attempt, let method, let delay):
            retryScheduled(step, attempt, method, delay, at: now)
        case .reviewWanted(let step): reviewWanted(step, at: now)
        case .decided(let step, let decision): decided(step, decision, at: now)
        case .thresholdReached(let step, let failures): thresholdReached(step, failures)
        case .modeChanged(let mode): modeChanged(mode)
        case .throttled(let step, let resource, let limit, let delay):
            throttled(step, resource, to: limit, for: delay, at: now)
        case .throttleEased(let resource, let limit): eased(resource, to: limit, at: now)
        case .breakerChanged(let resource, let phase, let step):
            breakerChanged(resource, phase, by: step, at: now)
        case .finalizing: finalizing(at: now)
        default: break
        }
    }

    private mutating func limitReached(_ kind: TimeoutKind, at now: RunTime) {
        switch kind {
        case .run:
            expect(runLimitAt == now && !hasHitRunLimit, "the run's limit at another time")
            expect(!stopsRunning, "the run's limit after a stop")
            hasHitRunLimit = true
            runLimitAt = nil
            guard stopBefore == nil else {
                hurryFinalizers(at: now)
                return
            }
            stop.hitRunLimit = true
            forEachProcess { check, step in check.stopReaches(step, at: now) }
        case .phase:
            phaseLimitsOnRecord += 1
            // Those of several tasks that are over at this moment are so in this turn.
            for (place, limit) in phaseLimits where limit <= now {
                let isOver = (0..<plan.count).allSatisfy {
                    isFinalizer($0) || plan.place(of: $0) != place || finalBefore & bit($0) != 0
                }
                if !isOver { overdue.insert(place) }
            }
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
        expectFinalizersRan()
        let signals = stop.signals + (stopBefore?.signals ?? 0)
        let isFailed = failed != 0 || hasHitRunLimit
        let expected: RunStatus =
            signals > 0
            ? .aborted : stop.isReviewAwaited ? .review : isFailed ? .failed : .complete
        expect(status == expected, "\(status) instead of \(expected)")
    }
}
