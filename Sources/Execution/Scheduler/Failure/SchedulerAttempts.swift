import WorkflowModel

/// The earlier attempts of each step: empty for a step that succeeds at once.
struct AttemptState: Sendable {
    /// How often each step was started.
    private var made: [Int32]
    private var series: [Int: AttemptSeries] = [:]
    /// Retries of all steps so far.
    private var spent = 0
    private(set) var hasWarnedOfBudget = false

    /// After this many busy failures in a row, the step's next one counts as an ordinary failure.
    static let maxBusy = 30

    init(count: Int) { made = [Int32](repeating: 0, count: count) }

    /// The failures of a step in its current series of attempts.
    subscript(step: Int) -> AttemptSeries {
        get { series.isEmpty ? AttemptSeries() : series[step] ?? AttemptSeries() }
        set { series[step] = newValue }
    }

    /// Whether nothing but starts has happened.
    var isUneventful: Bool { series.isEmpty }

    /// How often a step was started.
    func made(by step: Int) -> Int { Int(made[step]) }

    mutating func count(_ step: Int) { made[step] += 1 }

    /// Steps that wait for the time of their next attempt.
    var backingOff: [Int] {
        series.isEmpty ? [] : series.filter { $0.value.retryAt != nil }.keys.sorted()
    }

    /// Takes a retry from the budget; false when it is used up.
    mutating func spend(of budget: Int?) -> Bool {
        if let budget, spent >= budget { return false }
        spent += 1
        return true
    }

    /// Whether the warning about the used-up budget is still to be given; true only once.
    mutating func shouldWarnOfBudget() -> Bool {
        defer { hasWarnedOfBudget = true }
        return !hasWarnedOfBudget
    }

    mutating func shift(by nanoseconds: Int64) {
        for (step, one) in series {
            series[step]?.retryAt = one.retryAt?.advanced(byNanoseconds: nanoseconds)
        }
    }
}

/// The attempts of a step since its first, or since a person's decision.
struct AttemptSeries: Sendable {
    /// The method of the next attempt.
    var method = StepMethod.primary
    /// Failures of the primary method, without busy ones.
    var failures = 0
    /// Consecutive busy failures.
    var busyInARow = 0
    /// When the next attempt may start; nil for at once.
    var retryAt: RunTime?
}

/// Attempts: what follows from the end of one, and which attempt a launch is.
extension Scheduler {
    /// Handles the end of an attempt: its step ends with it, or continues.
    mutating func conclude(_ step: Int, _ outcome: StepEnd, _ effects: inout Effects) {
        guard !plan.traits[step].isDisjoint(with: .sequels), abortReason(of: step) == nil else {
            end(step, outcome, &effects)
            return
        }
        guard outcome.status == .failed else {
            throttles.resetDelay(of: plan.claims[step])
            noteOutcome(of: step, succeeded: true, &effects)
            end(step, outcome, &effects)
            return
        }
        guard !continuesAfterBusy(step, outcome, &effects) else { return }
        attempts[step].busyInARow = 0
        let next = nextTry(of: step, after: outcome.reason, &effects)
        if next != nil { effects.record(.attemptFailed(step: step, AttemptFailure(outcome))) }
        if !outcome.neverStarted { noteOutcome(of: step, succeeded: false, &effects) }
        guard let next else {
            end(step, outcome, &effects)
            return
        }
        attempts[step].method = next.method
        backoff(step, for: next.delay, &effects)
    }

    /// Handles a busy failure, which slows others down and costs only time; true when this was one.
    private mutating func continuesAfterBusy(
        _ step: Int, _ outcome: StepEnd, _ effects: inout Effects
    ) -> Bool {
        guard !isHalted(step), overduePhase(of: step) == nil,
            isBusy(outcome, saysBusy: activeSteps[step]?.saysBusy == true),
            attempts[step].busyInARow < AttemptState.maxBusy
        else { return false }
        attempts[step].busyInARow += 1
        effects.record(.attemptFailed(step: step, AttemptFailure(outcome, isBusy: true)))
        backoff(step, for: throttle(by: step, &effects), &effects)
        return true
    }

    /// The attempt and method of a step's next launch.
    func nextAttempt(of step: Int) -> (attempt: Int, method: StepMethod) {
        // A launch that the system could not start counts as the same attempt.
        let isNew = launches.deferred[step] == nil
        return (attempts.made(by: step) + (isNew ? 1 : 0), attempts[step].method)
    }

    /// Runs a failed step again by a person's decision: a new series whose numbers continue.
    ///
    /// The state of the step must allow the transition to `ready`.
    mutating func restart(_ step: Int, from method: StepMethod) {
        attempts[step] = AttemptSeries(method: method)
        enqueue(step)
    }

    /// Begins a step with its first backup, as decided before the run.
    mutating func beginWithBackup(_ step: Int) {
        attempts[step] = AttemptSeries(method: .backup(1))
    }

    /// Whether a step was launched in this run, whatever its result.
    func wasLaunched(_ step: Int) -> Bool { attempts.made(by: step) > 0 }

    // MARK: - Between attempts

    /// Releases everything that a step holds until the time of its next attempt.
    private mutating func backoff(_ step: Int, for delay: Milliseconds, _ effects: inout Effects) {
        let (attempt, method) = nextAttempt(of: step)
        states.move(step, to: .backingOff)
        _ = leave(step, &effects)
        launches.pausedUntil = nil
        effects.record(
            .retryScheduled(
                step: step, attempt: attempt, method: method, delayMilliseconds: delay.value))
        guard delay.value > 0 else {
            enqueue(step)
            return
        }
        let time = effects.now.advanced(byNanoseconds: delay.nanoseconds)
        attempts[step].retryAt = time
        setDeadline(time, of: .backoff(step))
    }

    /// The time of a step's next attempt has come.
    mutating func backoffIsOver(_ step: Int) {
        attempts[step].retryAt = nil
        enqueue(step)
    }

    /// Removes a step from those that wait for their next attempt.
    mutating func endRest(of step: Int) {
        if !plan.traits[step].isDisjoint(with: .sequels) { attempts[step].retryAt = nil }
    }

    /// Ends the steps that wait for their next attempt: in a run that stops they will not start
    /// again.
    mutating func endResting(_ effects: inout Effects) {
        guard let reason = stop.skipReason else { return }
        for step in attempts.backingOff { closeUnstarted(step, .aborted, reason, &effects) }
    }

    /// Ends a step that holds nothing: as skipped if it never ran and does not count as failed,
    /// otherwise with a status.
    mutating func closeUnstarted(
        _ step: Int, _ status: StepStatus, _ reason: StepReason, isAllowed: Bool = false,
        _ effects: inout Effects
    ) {
        launches.deferred[step] = nil
        if !isAllowed { policy.unwell.insert(step) }
        var hasFailed = false
        if case .breakerOpen = reason { hasFailed = true }
        if wasLaunched(step) || hasFailed {
            endRest(of: step)
            effects.record(
                .ended(
                    step: step, StepEnd(status: status, reason: reason, isAllowed: isAllowed)))
        } else {
            effects.record(.skipped(step: step, reason))
        }
        close(step)
    }

    /// Whether a step that cannot start now may start when time passes.
    var waitsForTime: Bool {
        launches.pausedUntil != nil || pool.retries > 0 || states.count(of: .backingOff) > 0
            || throttles.nextDeadline != nil || breakers.nextDeadline != nil
    }

    // MARK: - Which one is next

    /// How and after which delay a failed step continues; nil when it does not.
    private mutating func nextTry(
        of step: Int, after reason: StepReason?, _ effects: inout Effects
    ) -> (method: StepMethod, delay: Milliseconds)? {
        guard plan.traits[step].contains(.recovers), !isHalted(step),
            overduePhase(of: step) == nil, let reason
        else { return nil }
        var series = attempts[step]
        guard series.method == .primary else {
            return nextBackup(of: step, after: series.method, &effects)
        }
        series.failures += 1
        attempts[step] = series
        let recovery = plan.resolved.workflow.steps[step].recovery
        if series.failures <= recovery.retries, recovery.isWorthRetry(reason) {
            if attempts.spend(of: plan.policy.retry.budget) {
                let delay = Backoff(policy: plan.policy.retry).delay(
                    before: attempts.made(by: step) + 1, retry: series.failures,
                    of: plan.resolved.workflow.steps[step].id)
                return (.primary, delay)
            }
            warnOfBudget(step, &effects)
        }
        return nextBackup(of: step, after: .primary, &effects)
    }

    private mutating func nextBackup(
        of step: Int, after method: StepMethod, _ effects: inout Effects
    ) -> (method: StepMethod, delay: Milliseconds)? {
        var number = 1
        if case .backup(let last) = method { number = last + 1 }
        while number <= plan.resolved.workflow.steps[step].recovery.backups.count {
            let next = StepMethod.backup(number)
            if plan.command(of: step, by: next) != nil { return (next, Milliseconds(0)) }
            effects.record(
                .warning(
                    step: step,
                    "\(next) has no command, and there is no runner that could do what it says:"
                        + " passed over (`--runner` names one)"))
            number += 1
        }
        return nil
    }

    private mutating func warnOfBudget(_ step: Int, _ effects: inout Effects) {
        guard attempts.shouldWarnOfBudget(), let budget = plan.policy.retry.budget else { return }
        effects.record(
            .warning(
                step: step,
                "is not repeated: the run's \(budget) \(budget == 1 ? "retry is" : "retries are")"
                    + " used up (`budget` in `[execution.retry]`)"))
    }
}

extension AttemptFailure {
    fileprivate init(_ end: StepEnd, isBusy: Bool = false) {
        self.init(
            reason: end.reason ?? .other("failed"), exit: end.exit, usage: end.usage,
            isBusy: isBusy)
    }
}

extension StepEnd {
    /// Whether no process of the attempt ran, so that it says nothing about the resources that it
    /// takes.
    fileprivate var neverStarted: Bool {
        if case .notStarted = reason { true } else { false }
    }
}

extension Step.Recovery {
    /// Whether another attempt with the same method may succeed after this failure.
    func isWorthRetry(_ reason: StepReason) -> Bool {
        switch reason {
        case .notStarted: false
        case _ where retryOn.isEmpty: true
        case .exited(let code): retryOn.contains(.exitCode(code))
        case .signalled(let signal, _): retryOn.contains(.signal(signal))
        case .timedOut: retryOn.contains(.timeout)
        default: false
        }
    }
}
