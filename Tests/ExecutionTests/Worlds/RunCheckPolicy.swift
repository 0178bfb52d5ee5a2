import WorkflowModel

@testable import Execution

extension RunCheck {
    /// What failures have come to, and what the scheduler has yet to say of it in this turn.
    struct PolicyTruth {
        var mode: ReviewMode
        var inARow = 0
        var retries = 0
        var owedThreshold: (step: Int, failures: Int)?
        var owedMode: ReviewMode?
        var owedReview: Int?
        var owedHalt: Int?
    }

    enum Consequence { case goesOn, halts, haltsGroup, review }

    /// What the failure of a step leads to, by the rules alone; it is counted.
    private mutating func judge(_ step: Int) -> (consequence: Consequence, inARow: Int?) {
        guard !isFinalizer(step) else { return (.goesOn, nil) }
        let propagation = plan.policy.propagation
        let asks = policy.mode == .collaborative || propagation == .collaborativeReview
        let isCritical = declared(step).isCritical && plan.policy.heedsCritical
        policy.inARow += 1
        if isStopping {
            return (stop.isReviewAwaited && asks && isCritical ? .review : .goesOn, nil)
        }
        if let threshold = plan.policy.threshold, policy.inARow >= threshold {
            defer { policy.inARow = 0 }
            return (asks || policy.mode == .dynamic ? .review : .halts, policy.inARow)
        }
        if !isCritical { return (.goesOn, nil) }
        if asks { return (.review, nil) }
        if failsInGroup(step) { return (.haltsGroup, nil) }
        return (propagation == .haltOnCritical ? .halts : .goesOn, nil)
    }

    /// A step has ended and failed, as far as it counts.
    mutating func hasFailed(_ step: Int, at now: RunTime) {
        let wasStopping = isStopping
        let (consequence, inARow) = judge(step)
        policy.owedThreshold = inARow.map { (step, $0) }
        switch consequence {
        case .goesOn: passOn(step)
        case .halts:
            passOn(step)
            halted(by: step, inARow, at: now)
        case .haltsGroup:
            passOn(step)
            groupHalted(by: step, at: now)
        case .review:
            failed |= bit(step)
            unwell |= bit(step)
            expect(!plan.policy.canAsk || wasStopping, step, "has failed, and nobody was asked")
            policy.owedReview = step
            stop.awaitsReviewOf = stop.awaitsReviewOf ?? step
        }
    }

    /// A step has failed, and its dependents run, or never will.
    mutating func passOn(_ step: Int) {
        failed |= bit(step)
        unwell |= bit(step)
        if plan.policy.propagation == .continueAndLog || isFinalizer(step) {
            letsOn |= bit(step)
        } else {
            blocks |= bit(step)
        }
    }

    mutating func halted(by step: Int, _ inARow: Int?, at now: RunTime) {
        guard !isStopping else { return }
        stop.haltedBy = step
        stop.failuresInARow = inARow
        policy.owedHalt = step
        if isPessimistic {
            forEachProcess { check, step in check.stopReaches(step, at: now) }
        }
    }

    mutating func haltIsOnRecord(_ step: Int) {
        expect(policy.owedHalt == step, step, "a halt that was none")
        policy.owedHalt = nil
    }

    mutating func thresholdReached(_ step: Int, _ failures: Int) {
        if final & bit(step) == 0 {
            let (consequence, inARow) = judge(step)
            expect(consequence == .review && plan.policy.canAsk, step, "is not asked about")
            policy.owedThreshold = inARow.map { (step, $0) }
            policy.owedReview = step
        }
        let owed = policy.owedThreshold
        expect(owed?.step == step && owed?.failures == failures, step, "no threshold")
        policy.owedThreshold = nil
        if policy.mode == .dynamic { policy.owedMode = .collaborative }
    }

    mutating func modeChanged(_ mode: ReviewMode) {
        if lastTurn == .zero, mode == plan.policy.mode, policy.owedMode == nil { return }
        expect(policy.owedMode == mode, "a mode that was not reached")
        policy.owedMode = nil
        policy.mode = mode
    }

    mutating func reviewWanted(_ step: Int, at now: RunTime) {
        if policy.owedReview == nil {
            let (consequence, inARow) = judge(step)
            expect(consequence == .review && inARow == nil, step, "a review that is not wanted")
        } else {
            expect(policy.owedReview == step, step, "a review of another step")
        }
        policy.owedReview = nil
        guard final & bit(step) == 0 else { return }
        expect(plan.policy.canAsk && !isStopping, step, "a review that nobody can do")
        enterReview(step, at: now)
    }

    mutating func turnBegins(at now: RunTime) {
        lastTurn = now
        finalBefore = final
    }

    /// A turn is over: all is said, and nothing is held for nothing.
    mutating func turnEnds() {
        noteRunLimit(lastTurn)
        expect(policy.owedThreshold == nil, "a threshold that was not said")
        expect(policy.owedMode == nil, "a mode that did not change")
        expect(policy.owedReview == nil, "a review that was not said")
        expect(policy.owedHalt == nil, "a halt that was not said")
        expect(groups.owedHalt == nil, "a halt of a group that was not said")
        for breaker in brakes.breakers.values {
            expect(breaker.owedBy == nil, "a breaker that did not open")
            expect(breaker.openedBy == nil, "a breaker that opened for nothing")
        }
        expect(reviews.answer == nil, "an answer that nobody heard")
        expect(reviews.queue.isEmpty == (reviews.open == nil), "a question that nobody asks")
        expect(reviews.queue.isEmpty || !isStopping, "a question after a stop")
        for step in courses.indices {
            expect(courses[step].failure == nil, step, "an attempt failed, and nothing follows")
            expect(courses[step].decision == nil, step, "a decision that is not carried out")
        }
        expect(holding & ~(active | acquiring | stuck) == 0, "locks held by who does not run")
        guard hasBegun, !isFinished, !isStopping, reviews.queue.isEmpty else { return }
        expectNothingCouldStart()
    }

    /// Who needs nothing but a slot has started where there is one.
    private mutating func expectNothingCouldStart() {
        // With any of these it is not for the step alone to start.
        guard alone == 0, !wasPutOff, !brakes.isRunThrottled,
            (active | acquiring).nonzeroBitCount < plan.limit
        else { return }
        let taken = (active | acquiring).nonzeroBitCount
        let undecided = courses.indices.filter { courses[$0].isEvaluating && final & bit($0) == 0 }
        for step in courses.indices where isFree(step) {
            // A slot is left for each step before it whose condition may soon let it start.
            let before = undecided.count { plan.order.ranks[$0] < plan.order.ranks[step] }
            expect(taken + before >= plan.limit, step, "could start and does not")
        }
    }

    private func isFree(_ step: Int) -> Bool {
        let course = courses[step]
        guard (final | active | acquiring) & bit(step) == 0, plan.selected[step],
            plan.doneEarlier[step] == nil, plan.claims(of: step).isEmpty, conflicts[step] == 0,
            !course.isEvaluating,
            declared(step).gating.condition == nil || course.condition == .holds
        else { return false }
        if let rest = course.retryAt, rest > lastTurn { return false }
        if isFinalizer(step) {
            return stopBefore != nil && needs[step] & finalizers & ~final == 0
        }
        return !plan.hasBarriers && needs[step] & ~(endedWell | letsOn) == 0
    }

    // MARK: - Finalizers

    mutating func finalizing(at now: RunTime) {
        expect(stopBefore == nil, "finalizers begin twice")
        expect(finalizers & ~final != 0, "finalizers begin, and there is none")
        expect(~final & ~finalizers & ((1 << UInt64(plan.count)) - 1) == 0, "finalizers too early")
        expect(active == 0 && acquiring == 0, "finalizers beside others")
        expect(stop.signals < 3, "finalizers after a third signal")
        expect(!stop.isReviewAwaited, "finalizers in a run that awaits review")
        noteRunLimit(now)
        isHurried = stop.stopsAll || isRunOver
        stopBefore = stop
        stop = Stop()
        // What was to be left alone for a while keeps none of them waiting.
        for name in brakes.throttles.keys { brakes.throttles[name]?.holdsUntil = .zero }
        brakes.breakers = [:]
    }

    /// A limit that comes while what runs is being stopped stops nothing more.
    private mutating func noteRunLimit(_ now: RunTime) {
        guard stopsRunning, let limit = runLimitAt, limit <= now else { return }
        runLimitAt = nil
        isRunOver = true
    }

    /// The run has taken too long while finalizers run: they have five minutes from now on.
    mutating func hurryFinalizers(at now: RunTime) {
        guard !isHurried else { return }
        isHurried = true
        for step in steps(active) where truths[step].limit == nil {
            guard truths[step].life != .launching || truths[step].isChecking else { continue }
            truths[step].limit = now.advanced(byNanoseconds: 300_000_000_000)
        }
    }

    /// At the end each finalizer has run, or there was a reason why not.
    mutating func expectFinalizersRan() {
        guard stopBefore == nil else { return }
        let left = steps(finalizers).filter { step in
            plan.selected[step] && plan.policy.decisions[step] != .skip
        }
        expect(
            left.isEmpty || stop.signals > 2 || stop.isReviewAwaited, "finalizers did not run")
    }
}
