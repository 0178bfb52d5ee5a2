import WorkflowModel

/// Reviews: during a question nothing starts, running steps continue, and the time of a phase with
/// a step in review stands still.
///
/// ``Reviews`` keeps the questions; here decisions are recorded and reach the steps.
extension Scheduler {
    /// Puts a failed step into review; it is asked about when the earlier ones are decided.
    mutating func review(_ step: Int, _ outcome: StepEnd, _ effects: inout Effects) {
        guard states.move(step, to: .reviewing) else { return }
        giveBack(step, &effects)
        reviews.add(step, outcome)
        effects.record(.reviewWanted(step: step))
        stopPhaseClock(for: step, effects.now)
        askNext(&effects)
    }

    private mutating func askNext(_ effects: inout Effects) {
        guard let step = reviews.nextQuestion() else { return }
        effects.act(.askReview(step: step, choices: choices(for: step)))
    }

    /// What can be decided about a step in review.
    private func choices(for step: Int) -> [ReviewDecision] {
        // An unkillable process holds what the step would need, an overdue phase has no time left,
        // and in a halted group nothing starts.
        let canRunAgain =
            !unkillable.contains(step) && overduePhase(of: step) == nil
            && groupHalt(of: step) == nil
        return reviews.choices(
            for: step, canRunAgain: canRunAgain, hasBackups: hasBackups(step))
    }

    private func hasBackups(_ step: Int) -> Bool {
        plan.resolved.workflow.steps[step].recovery.backups.indices.contains {
            plan.command(of: step, by: .backup($0 + 1)) != nil
        }
    }

    /// Applies a person's decision; an answer to no open question is ignored.
    mutating func decided(_ step: Int, _ decision: ReviewDecision, _ effects: inout Effects) {
        let offered = reviews.asked == step ? choices(for: step) : []
        guard let outcome = reviews.decide(step, decision, offered: offered) else { return }
        effects.record(.decided(step: step, decision))
        startPhaseClockAgain(for: step, effects.now)
        switch decision {
        case .retry: restart(step, from: .primary)
        case .useBackup: restart(step, from: .backup(1))
        case .skip:
            close(step)
            effects.record(.skipped(step: step, .decided(.skip)))
            satisfyDependents(of: step)
        case .proceed:
            endReviewed(step, outcome, &effects)
            satisfyDependents(of: step)
        case .halt:
            endReviewed(step, outcome, &effects)
            blockDependents(of: step, &effects)
            halt(by: step, &effects)
        }
        askNext(&effects)
    }

    private mutating func endReviewed(_ step: Int, _ outcome: StepEnd, _ effects: inout Effects) {
        close(step)
        hasFailed = true
        policy.unwell.insert(step)
        effects.record(.ended(step: step, outcome))
    }

    /// Withdraws the question because the run stops; the steps in review end with their failures.
    mutating func withdrawReviews(_ effects: inout Effects) {
        let (asked, steps) = reviews.withdraw()
        if let asked { effects.act(.withdrawReview(step: asked)) }
        for (step, outcome) in steps {
            startPhaseClockAgain(for: step, effects.now)
            endReviewed(step, outcome, &effects)
            passOnFailure(of: step, &effects)
        }
    }

    // MARK: - The time of a phase

    private mutating func stopPhaseClock(for step: Int, _ now: RunTime) {
        guard plan.hasBarriers, !plan.isFinalizer(step) else { return }
        barriers.reviewBegins(of: plan.place(of: step).task, now: now)
    }

    private mutating func startPhaseClockAgain(for step: Int, _ now: RunTime) {
        guard plan.hasBarriers, !plan.isFinalizer(step) else { return }
        let task = plan.place(of: step).task
        guard let time = barriers.reviewEnds(of: task, now: now) else { return }
        setDeadline(time, of: .phase(task))
    }
}
