import DependencyGraph
import WorkflowModel

/// What failures have come to so far.
struct PolicyState: Sendable {
    /// Whether people are asked now.
    var mode: ReviewMode
    /// Steps that failed since one ended well, as far as they count.
    var failuresInARow = 0
    /// Steps that have ended, and not well: who runs all the same is told of them.
    var unwell: Set<Int> = []
    /// Steps of which was decided before the run that they do not run.
    var decidedAhead: Set<Int> = []

    init(_ policy: FailurePolicy) { mode = policy.mode }
}

/// What a failure does to the run.
enum FailureConsequence: Sendable {
    case goesOn, halts
    /// Only the group of the step is halted.
    case haltsGroup
    /// A person is to decide about the step.
    case review
}

/// What follows from one failure.
struct FailureVerdict: Sendable {
    var consequence: FailureConsequence
    /// How many in a row it makes, where it is the last of too many.
    var inARow: Int?

    init(_ consequence: FailureConsequence, inARow: Int? = nil) {
        self.consequence = consequence
        self.inARow = inARow
    }
}

/// Failures: which of them halt the run, ask a person, or change nothing but for dependents.
extension Scheduler {
    /// What follows from the failure of a step.
    func consequence(ofFailureOf step: Int) -> FailureVerdict {
        guard !plan.isFinalizer(step) else { return FailureVerdict(.goesOn) }
        let asks = policy.mode == .collaborative || plan.policy.propagation == .collaborativeReview
        let isCritical = isCritical(step)
        guard !stop.isStopping else {
            return FailureVerdict(
                stop.isReviewAwaited && asks && isCritical ? .review : .goesOn)
        }
        let inARow = policy.failuresInARow + 1
        if let threshold = plan.policy.threshold, inARow >= threshold {
            let isReviewed = asks || policy.mode == .dynamic
            return FailureVerdict(isReviewed ? .review : .halts, inARow: inARow)
        }
        guard isCritical else { return FailureVerdict(.goesOn) }
        if asks { return FailureVerdict(.review) }
        guard plan.groups.number(of: step) == nil else { return FailureVerdict(.haltsGroup) }
        return FailureVerdict(plan.policy.propagation == .haltOnCritical ? .halts : .goesOn)
    }

    private func isCritical(_ step: Int) -> Bool {
        plan.policy.heedsCritical && plan.traits[step].contains(.isCritical)
    }

    /// Ends a step that failed, or asks what is to become of it.
    mutating func fail(
        _ step: Int, with outcome: StepEnd, _ verdict: FailureVerdict, _ effects: inout Effects
    ) {
        count(verdict, of: step)
        if verdict.consequence == .review, plan.policy.canAsk, !stop.isStopping {
            if let reason = outcome.reason {
                effects.record(
                    .attemptFailed(
                        step: step,
                        AttemptFailure(reason: reason, exit: outcome.exit, usage: outcome.usage)))
            }
            reachThreshold(step, verdict, &effects)
            review(step, outcome, &effects)
            return
        }
        close(step)
        effects.record(.ended(step: step, outcome))
        giveBack(step, &effects)
        apply(verdict, to: step, &effects)
    }

    /// A step that never started stands for a failure, with all that follows from one.
    mutating func dropAsFailure(_ step: Int, _ reason: StepReason, _ effects: inout Effects) {
        guard states[step] != .ended else { return }
        let verdict = consequence(ofFailureOf: step)
        count(verdict, of: step)
        withdraw(step)
        if verdict.consequence == .review, plan.policy.canAsk, !stop.isStopping {
            endRest(of: step)
            reachThreshold(step, verdict, &effects)
            review(step, StepEnd(status: .failed, reason: reason), &effects)
            // It waits for an answer now, and not for what others want.
            wakeClaims(of: step)
            return
        }
        closeUnstarted(step, .failed, reason, &effects)
        wakeClaims(of: step)
        apply(verdict, to: step, &effects)
    }

    private mutating func count(_ verdict: FailureVerdict, of step: Int) {
        guard !plan.isFinalizer(step) else { return }
        policy.failuresInARow = verdict.inARow == nil ? policy.failuresInARow + 1 : 0
    }

    /// A step has ended, and not well.
    private mutating func apply(_ verdict: FailureVerdict, to step: Int, _ effects: inout Effects) {
        reachThreshold(step, verdict, &effects)
        failed(step, verdict.consequence, &effects)
        switch verdict.consequence {
        case .halts: halt(by: step, inARow: verdict.inARow, &effects)
        case .haltsGroup: haltGroup(by: step, &effects)
        case .goesOn, .review: break
        }
    }

    private mutating func reachThreshold(
        _ step: Int, _ verdict: FailureVerdict, _ effects: inout Effects
    ) {
        guard let failures = verdict.inARow else { return }
        effects.record(.thresholdReached(step: step, failures: failures))
        guard policy.mode == .dynamic else { return }
        policy.mode = .collaborative
        effects.record(.modeChanged(.collaborative))
    }

    /// A step has ended and not well: what that means for the others, but for a halt.
    mutating func failed(_ step: Int, _ consequence: FailureConsequence, _ effects: inout Effects) {
        hasFailed = true
        policy.unwell.insert(step)
        if consequence == .review {
            // What depends on it waits for the decision, too, which another run will take.
            effects.record(.reviewWanted(step: step))
            stop.awaitsReviewOf = stop.awaitsReviewOf ?? step
        } else {
            passOnFailure(of: step, &effects)
        }
    }

    /// Dependents of a step that did not end well run, or never will.
    mutating func passOnFailure(of step: Int, _ effects: inout Effects) {
        if plan.policy.propagation == .continueAndLog || plan.isFinalizer(step) {
            satisfyDependents(of: step)
        } else {
            blockDependents(of: step, &effects)
        }
    }

    // MARK: - What a launch is told

    /// The steps that a step needs, itself or through some that only pass on what they are given,
    /// and that did not end well.
    func unwellNeeds(of step: Int) -> [Int] {
        guard !policy.unwell.isEmpty else { return [] }
        var found: Set<Int> = []
        var passed: Set<Int> = []
        var open = [step]
        while let next = open.popLast() {
            for dependency in plan.resolved.graph.dependencies(of: next) {
                if policy.unwell.contains(dependency) { found.insert(dependency) }
                if isTransparent(dependency), passed.insert(dependency).inserted {
                    open.append(dependency)
                }
            }
        }
        return found.sorted()
    }

    /// Says that a step runs although what it needs failed.
    mutating func warn(of needs: [Int], for step: Int, _ effects: inout Effects) {
        // A finalizer is there for just that.
        guard !needs.isEmpty, !plan.isFinalizer(step) else { return }
        let names = needs.map { "`\(plan.resolved.workflow.steps[$0].id)`" }
        let last = names[names.count - 1]
        let list =
            names.count == 1 ? last : names.dropLast().joined(separator: ", ") + " and " + last
        effects.record(.warning(step: step, "runs although \(list) failed"))
    }

    // MARK: - What was decided before the run

    /// Takes the decisions that the run was begun with.
    mutating func takeDecisions(_ effects: inout Effects) {
        if policy.mode != .silent { effects.record(.modeChanged(policy.mode)) }
        var halting: Int?
        for (step, decision) in plan.policy.decisions.sorted(by: { $0.key < $1.key })
        where states[step] == .pending {
            guard decision == .skip || !plan.isFinalizer(step) else { continue }
            effects.record(.decided(step: step, decision))
            switch decision {
            case .retry: continue
            case .useBackup: beginWithBackup(step)
            case .skip:
                policy.decidedAhead.insert(step)
                effects.record(.skipped(step: step, .decided(.skip)))
                close(step)
            case .proceed, .halt:
                if decision == .proceed { policy.decidedAhead.insert(step) }
                hasFailed = true
                policy.unwell.insert(step)
                effects.record(
                    .ended(step: step, StepEnd(status: .failed, reason: .decided(decision))))
                close(step)
                if decision == .halt { halting = halting ?? step }
            }
        }
        guard let halting else { return }
        blockDependents(of: halting, &effects)
        halt(by: halting, &effects)
    }
}
