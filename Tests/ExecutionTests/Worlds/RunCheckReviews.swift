import WorkflowModel

@testable import Execution

extension RunCheck {
    /// Questions that are open.
    struct ReviewTruth {
        var queue: [Int] = []
        var open: Int?
        var choices: [ReviewDecision] = []
        /// Why each would have failed.
        var reasons: [Int: StepReason] = [:]
        /// What was answered in this turn.
        var answer: (step: Int, decision: ReviewDecision)?
        /// What is left of the time of a phase.
        var remainders: [RunPlan.Place: Int64] = [:]
    }

    private static let never = RunTime(milliseconds: 1 << 40)

    mutating func enterReview(_ step: Int, at now: RunTime) {
        expect(!reviews.queue.contains(step), step, "in review twice")
        let failure = courses[step].failure
        if let failure {
            expect(!failure.isBusy, step, "asked about for being busy")
            expectNothingLeft(step, failure.reason, at: now)
        } else {
            // It could not start: its phase was over, or a breaker was open.
            expect(
                isOverdue(step, now) || brakes.isFailingFast(plan.claims(of: step)), step,
                "asked about for nothing")
            expect(active & bit(step) == 0, step, "asked about while it runs")
        }
        reviews.reasons[step] = failure?.reason
        courses[step].failure = nil
        courses[step].isBetween = courses[step].attempts > 0
        courses[step].retryAt = nil
        courses[step].isEvaluating = false
        reviews.queue.append(step)
        guard plan.hasBarriers, !isFinalizer(step) else { return }
        let place = plan.place(of: step)
        guard let limit = phaseLimits[place], !overdue.contains(place), limit != Self.never
        else { return }
        reviews.remainders[place] = limit - now
        phaseLimits[place] = Self.never
    }

    private mutating func leaveReview(_ step: Int, at now: RunTime) {
        reviews.queue.removeAll { $0 == step }
        if reviews.open == step { reviews.open = nil }
        let place = plan.place(of: step)
        guard let left = reviews.remainders[place],
            !reviews.queue.contains(where: { plan.place(of: $0) == place })
        else { return }
        reviews.remainders[place] = nil
        phaseLimits[place] = now.advanced(byNanoseconds: left)
    }

    mutating func asked(_ step: Int, _ choices: [ReviewDecision]) {
        expect(reviews.queue.first == step, step, "asked about out of turn")
        expect(reviews.open == nil, step, "asked about beside another")
        expect(!isStopping, step, "asked about after a stop")
        var expected: [ReviewDecision] = [.skip, .proceed, .halt]
        let isOverdue = !isFinalizer(step) && overdue.contains(plan.place(of: step))
        if stuck & bit(step) == 0, !isOverdue, !isConditionError(step), !isGroupHalted(step) {
            let backups = declared(step).recovery.backups.indices
            let hasBackups = backups.contains {
                plan.command(of: step, by: .backup($0 + 1)) != nil
            }
            expected = (hasBackups ? [.retry, .useBackup] : [.retry]) + expected
        }
        expect(choices == expected, step, "asked with \(choices)")
        reviews.open = step
        reviews.choices = choices
    }

    /// Somebody answers; what was not asked is no answer.
    mutating func answered(_ step: Int, _ decision: ReviewDecision) {
        guard reviews.open == step, reviews.choices.contains(decision) else { return }
        reviews.answer = (step, decision)
    }

    mutating func withdrawn(_ step: Int) {
        expect(reviews.open == step, step, "withdrawn without a question")
        expect(isStopping, step, "withdrawn without a stop")
        reviews.open = nil
    }

    mutating func decided(_ step: Int, _ decision: ReviewDecision, at now: RunTime) {
        guard reviews.queue.contains(step) else {
            expect(
                lastTurn == .zero && plan.policy.decisions[step] == decision, step,
                "decided by nobody")
            expect(courses[step].attempts == 0, step, "decided before the run, after a launch")
            if decision != .retry { courses[step].decision = decision }
            return
        }
        expect(
            reviews.answer?.step == step && reviews.answer?.decision == decision, step,
            "decided by nobody")
        reviews.answer = nil
        leaveReview(step, at: now)
        courses[step].failures = 0
        courses[step].busyInARow = 0
        switch decision {
        case .retry: courses[step].method = .primary
        case .useBackup: courses[step].method = .backup(1)
        default: courses[step].decision = decision
        }
    }

    /// A step ended as was decided, or as it had failed when the question was withdrawn.
    mutating func endedByDecision(_ step: Int, _ end: StepEnd, at now: RunTime) {
        let decision = courses[step].decision
        courses[step].decision = nil
        expect(end.status == .failed && !end.isAllowed, step, "\(end) by a decision")
        if let reason = reviews.reasons[step] {
            expect(end.reason == reason, step, "another reason than it was asked about for")
        }
        final |= bit(step)
        failed |= bit(step)
        unwell |= bit(step)
        switch decision {
        case .proceed: letsOn |= bit(step)
        case .halt:
            // Of several that were decided before the run the first halts it.
            if !isStopping { blocks |= bit(step) }
            halted(by: step, nil, at: now)
        default:
            expect(isStopping && reviews.queue.contains(step), step, "withdrawn for nothing")
            leaveReview(step, at: now)
            passOn(step)
        }
    }
}
