import WorkflowModel

/// Steps that failed and about which a person is to decide, one after another.
struct ReviewState: Sendable {
    /// In the order in which they failed; the first is the one that is asked about.
    private(set) var queue: [Int] = []
    /// How each would end if it were left at that.
    private var outcomes: [Int: StepEnd] = [:]
    /// The step that a person was asked about.
    var asked: Int?
    /// What was left of the time of a phase when the first of its steps came here, by task.
    var remainders: [Int: Int64] = [:]

    var isEmpty: Bool { queue.isEmpty }

    mutating func add(_ step: Int, _ outcome: StepEnd) {
        queue.append(step)
        outcomes[step] = outcome
    }

    func outcome(of step: Int) -> StepEnd? { outcomes[step] }

    mutating func remove(_ step: Int) -> StepEnd? {
        queue.removeAll { $0 == step }
        if asked == step { asked = nil }
        return outcomes.removeValue(forKey: step)
    }
}

/// Reviews: while a person is asked nothing starts, what runs goes on, and no time of a phase with
/// a step in review passes.
extension Scheduler {
    /// A step has failed, and a person is asked about it when those before it are decided.
    mutating func review(_ step: Int, _ outcome: StepEnd, _ effects: inout Effects) {
        guard states.move(step, to: .reviewing) else { return }
        giveBack(step, &effects)
        reviews.add(step, outcome)
        effects.record(.reviewWanted(step: step))
        stopPhaseClock(for: step, effects.now)
        askNext(&effects)
    }

    private mutating func askNext(_ effects: inout Effects) {
        guard reviews.asked == nil, let step = reviews.queue.first else { return }
        reviews.asked = step
        effects.act(.askReview(step: step, choices: choices(for: step)))
    }

    /// What can be decided about a step in review.
    private func choices(for step: Int) -> [ReviewDecision] {
        let others: [ReviewDecision] = [.skip, .proceed, .halt]
        // What cannot be killed holds what it would need, a phase that is over has no time, and in a
        // halted group nothing starts.
        guard !unkillable.contains(step), overduePhase(of: step) == nil, groupHalt(of: step) == nil
        else { return others }
        // The values that a condition sees do not change.
        if case .conditionError = reviews.outcome(of: step)?.reason { return others }
        let backups = plan.resolved.workflow.steps[step].recovery.backups
        let hasBackups = backups.indices.contains {
            plan.command(of: step, by: .backup($0 + 1)) != nil
        }
        return (hasBackups ? [.retry, .useBackup] : [.retry]) + others
    }

    /// A person has decided; an answer to what was not asked counts for nothing.
    mutating func decided(_ step: Int, _ decision: ReviewDecision, _ effects: inout Effects) {
        guard reviews.asked == step, choices(for: step).contains(decision),
            let outcome = reviews.remove(step)
        else { return }
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

    /// The run stops: no question is of any use, and what was asked about ends as it had failed.
    mutating func withdrawReviews(_ effects: inout Effects) {
        if let asked = reviews.asked { effects.act(.withdrawReview(step: asked)) }
        for step in reviews.queue {
            guard let outcome = reviews.remove(step) else { continue }
            startPhaseClockAgain(for: step, effects.now)
            endReviewed(step, outcome, &effects)
            passOnFailure(of: step, &effects)
        }
    }

    // MARK: - The time of a phase

    private mutating func stopPhaseClock(for step: Int, _ now: RunTime) {
        guard let barriers, !plan.isFinalizer(step) else { return }
        let task = plan.place(of: step).task
        guard let limitAt = barriers.lines[task].limitAt else { return }
        reviews.remainders[task] = max(0, limitAt - now)
        self.barriers?.setLimit(nil, of: task)
    }

    private mutating func startPhaseClockAgain(for step: Int, _ now: RunTime) {
        let task = plan.place(of: step).task
        guard let left = reviews.remainders[task],
            !reviews.queue.contains(where: { plan.place(of: $0).task == task })
        else { return }
        reviews.remainders[task] = nil
        let time = now.advanced(byNanoseconds: left)
        barriers?.setLimit(time, of: task)
        setDeadline(time, of: .phase(task))
    }
}
