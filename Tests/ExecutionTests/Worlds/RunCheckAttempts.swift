import WorkflowModel

@testable import Execution

extension RunCheck {
    /// What is true of one step beyond the attempt that it is in.
    struct Course {
        /// Launches on record.
        var attempts = 0
        /// How its next attempt, or the one that runs, does it.
        var method = StepMethod.primary
        /// Failures of the primary method since it, or a decision, began; busy ones apart.
        var failures = 0
        var busyInARow = 0
        /// Whether an attempt has failed, and the next one has not begun.
        var isBetween = false
        var retryAt: RunTime?
        /// How the last attempt failed, until it is known what follows.
        var failure: AttemptFailure?
        var condition: ConditionOutcome?
        var isEvaluating = false
        /// What was decided about it and has not yet come to pass.
        var decision: ReviewDecision?
    }

    func attempts(of step: Int) -> Int { courses[step].attempts }

    mutating func launchedOnRecord(
        _ step: Int, _ attempt: Int, _ method: StepMethod, _ execution: Int, at now: RunTime
    ) {
        executions += 1
        let course = courses[step]
        expect(execution == executions, step, "executions do not count on")
        expect(attempt == course.attempts + 1, step, "attempts do not count on")
        expect(method == course.method, step, "by \(method) instead of \(course.method)")
        expect(course.attempts == 0 || course.isBetween, step, "launched twice on record")
        if let rest = course.retryAt { expect(rest <= now, step, "launched while it rests") }
        courses[step].attempts += 1
        courses[step].isBetween = false
        courses[step].retryAt = nil
        truths[step] = Truth()
        truths[step].execution = execution
    }

    /// An attempt has ended, and its step has not.
    mutating func attemptFailed(_ step: Int, _ failure: AttemptFailure, at now: RunTime) {
        expect(final & bit(step) == 0, step, "an attempt after its end")
        expect(courses[step].failure == nil, step, "two attempts that failed at once")
        courses[step].failure = failure
        if case .conditionError = failure.reason {
            expect(isConditionError(step), step, "no error of its condition")
            return
        }
        let end = StepEnd(status: .failed, reason: failure.reason, exit: failure.exit)
        expect(!isStopped(step), step, "an attempt that is followed by another after a stop")
        checkAttempt(step, end, at: now)
        checkOutcome(step, truths[step], end, isStep: false, at: now)
        expect(
            !failure.isBusy || isBusy(step, failure.reason), step, "busy for \(failure.reason)")
        noteOutcome(of: step, failure.isBusy ? nil : failure.reason)
        active &= ~bit(step)
        let isGivenUp = truths[step].life == .givenUp
        let found = truths[step].found
        truths[step] = Truth()
        truths[step].found = found
        if isGivenUp { truths[step].life = .givenUp }
        courses[step].isBetween = true
    }

    func isConditionError(_ step: Int) -> Bool {
        if case .error = courses[step].condition { true } else { false }
    }

    /// Whether a failure means "busy".
    func isBusy(_ step: Int, _ reason: StepReason?) -> Bool {
        guard let throttle = plan.policy.throttle, !isHurried else { return false }
        let says = truths[step].found?.isBusy == true
        switch reason {
        case .exited(let code): return says || throttle.exitCodes.contains(code)
        case .signalled, .outputsMissing, .successPatternMissing: return says
        default: return false
        }
    }

    mutating func retryScheduled(
        _ step: Int, _ attempt: Int, _ method: StepMethod, _ delay: Int64, at now: RunTime
    ) {
        guard let failure = courses[step].failure else {
            expect(false, step, "a retry without a failure")
            return
        }
        expect(attempt == courses[step].attempts + 1, step, "a retry by another number")
        expect(!isStopping && !isGroupHalted(step), step, "a retry after a stop")
        // At the very moment of its end its last attempt may just have failed.
        expect(
            !isOverdue(step, now.advanced(byNanoseconds: -1)), step,
            "a retry in a phase that is over")
        if failure.isBusy {
            courses[step].busyInARow += 1
            expect(courses[step].busyInARow <= 30, step, "busy for ever")
            expect(method == courses[step].method, step, "another method for being busy")
            expect(delay == brakes.longestDelay, step, "rests for another time than it is busy")
        } else {
            courses[step].busyInARow = 0
            checkNext(step, method, delay, after: failure.reason)
        }
        courses[step].failure = nil
        courses[step].method = method
        courses[step].retryAt = now.advanced(byNanoseconds: delay * 1_000_000)
    }

    /// Whether that is the method, after that time, that follows from an ordinary failure.
    private mutating func checkNext(
        _ step: Int, _ method: StepMethod, _ delay: Int64, after reason: StepReason
    ) {
        if courses[step].method == .primary { courses[step].failures += 1 }
        guard method != .primary else {
            expect(isRetryLeft(step, reason), step, "a retry too many")
            policy.retries += 1
            let full = Backoff.doubled(
                plan.policy.retry.delay, times: courses[step].failures - 1,
                most: plan.policy.retry.maxDelay
            ).value
            expect(full - full / 2 <= delay && delay <= full, step, "rests for \(delay) ms")
            return
        }
        expect(
            courses[step].method != .primary || !isRetryLeft(step, reason), step,
            "goes to a backup with retries left")
        expect(method == nextBackup(step), step, "\(method) out of turn")
        expect(delay == 0, step, "rests before a backup")
    }

    /// Whether the primary method may be tried again, its failures counted up to now.
    private func isRetryLeft(_ step: Int, _ reason: StepReason) -> Bool {
        let recovery = declared(step).recovery
        return courses[step].method == .primary && courses[step].failures <= recovery.retries
            && recovery.isWorthRetry(reason)
            && plan.policy.retry.budget.map { policy.retries < $0 } ?? true
    }

    private func nextBackup(_ step: Int) -> StepMethod? {
        var last = 0
        if case .backup(let number) = courses[step].method { last = number }
        let count = declared(step).recovery.backups.count
        return (last..<max(last, count)).map { StepMethod.backup($0 + 1) }
            .first { plan.command(of: step, by: $0) != nil }
    }

    /// A step has failed for good: nothing of its methods may be left.
    mutating func expectNothingLeft(_ step: Int, _ reason: StepReason?, at now: RunTime) {
        guard !isStopping, !isGroupHalted(step), !isOverdue(step, now), let reason else { return }
        switch reason {
        case .unkillable, .conditionError, .breakerOpen, .other: return
        default: break
        }
        if isBusy(step, reason) {
            expect(courses[step].busyInARow >= 30, step, "has failed of being busy")
        }
        if courses[step].method == .primary { courses[step].failures += 1 }
        expect(!isRetryLeft(step, reason), step, "has failed with retries left")
        expect(nextBackup(step) == nil, step, "has failed with backups left")
    }

    // MARK: - Conditions

    mutating func evaluates(_ step: Int) {
        expect(declared(step).gating.condition != nil, step, "evaluated without a condition")
        expect(
            courses[step].condition == nil && !courses[step].isEvaluating, step,
            "evaluated twice")
        expect(!isStopping && !isGroupHalted(step), step, "evaluated after a stop")
        expect((active | final) & bit(step) == 0, step, "evaluated while it runs")
        expectNeedsSettled(step, "evaluated")
        courses[step].isEvaluating = true
    }

    mutating func conditionIs(_ outcome: ConditionOutcome, of step: Int) {
        guard courses[step].isEvaluating, !isStopping, final & bit(step) == 0,
            !reviews.queue.contains(step)
        else { return }
        courses[step].isEvaluating = false
        courses[step].condition = outcome
    }

    /// A step begins: all that it needs has ended in a way that lets it.
    mutating func expectNeedsSettled(_ step: Int, _ what: String) {
        if isFinalizer(step) {
            expect(stopBefore != nil, step, "\(what) before the end")
            expect(needs[step] & finalizers & ~final == 0, step, "\(what) before what it needs")
        } else {
            expect(needs[step] & ~(endedWell | letsOn) == 0, step, "\(what) before what it needs")
        }
    }
}
