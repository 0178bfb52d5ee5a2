import DependencyGraph
import WorkflowModel

/// The consequences of failures so far.
struct PolicyState: Sendable {
    /// Whether people are asked now.
    var mode: ReviewMode
    /// Failures since the last success, as far as they count.
    var failuresInARow = 0
    /// Steps that ended without success; dependents that still run are told about them.
    var unwell: Set<Int> = []
    /// Steps that do not run because of a decision before the run.
    var decidedAhead: Set<Int> = []

    init(_ policy: FailurePolicy) { mode = policy.mode }
}

/// What a failure does to the run.
enum FailureConsequence: Sendable {
    case goesOn, halts
    /// Only the step's group is halted.
    case haltsGroup
    /// A person decides about the step.
    case review
}

/// The consequence of one failure.
struct FailureVerdict: Sendable {
    var consequence: FailureConsequence
    /// The number of failures in a row, if this one reaches the threshold.
    var inARow: Int?

    init(_ consequence: FailureConsequence, inARow: Int? = nil) {
        self.consequence = consequence
        self.inARow = inARow
    }
}

/// Failures: which of them halt the run, ask a person, or affect only dependents.
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

    /// Ends a failed step, or asks what to do about it.
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

    /// Fails a step that never started, with all consequences of a failure.
    mutating func dropAsFailure(_ step: Int, _ reason: StepReason, _ effects: inout Effects) {
        guard states[step] != .ended else { return }
        let verdict = consequence(ofFailureOf: step)
        count(verdict, of: step)
        withdraw(step)
        if verdict.consequence == .review, plan.policy.canAsk, !stop.isStopping {
            endRest(of: step)
            reachThreshold(step, verdict, &effects)
            review(step, StepEnd(status: .failed, reason: reason), &effects)
            // It now waits for an answer, so steps that want the same resources may start.
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

    /// Applies the consequence of a failure to a step and ends it.
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

    /// Handles a step that ended without success: the consequences for other steps, except a halt.
    mutating func failed(_ step: Int, _ consequence: FailureConsequence, _ effects: inout Effects) {
        hasFailed = true
        policy.unwell.insert(step)
        if consequence == .review {
            // Its dependents wait for the decision too, which another run will make.
            effects.record(.reviewWanted(step: step))
            stop.awaitsReviewOf = stop.awaitsReviewOf ?? step
        } else {
            passOnFailure(of: step, &effects)
        }
    }

    /// Lets the dependents of an unsuccessful step run, or ends them.
    mutating func passOnFailure(of step: Int, _ effects: inout Effects) {
        if plan.policy.propagation == .continueAndLog || plan.isFinalizer(step) {
            satisfyDependents(of: step)
        } else {
            blockDependents(of: step, &effects)
        }
    }

    // MARK: - What a launch reports

    /// The dependencies of a step, direct or through steps that do not run, that ended without
    /// success.
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

    /// Warns that a step runs although a dependency failed.
    mutating func warn(of needs: [Int], for step: Int, _ effects: inout Effects) {
        // That is the purpose of a finalizer.
        guard !needs.isEmpty, !plan.isFinalizer(step) else { return }
        let names = needs.map { "`\(plan.resolved.workflow.steps[$0].id)`" }
        let last = names[names.count - 1]
        let list =
            names.count == 1 ? last : names.dropLast().joined(separator: ", ") + " and " + last
        effects.record(.warning(step: step, "runs although \(list) failed"))
    }

    // MARK: - Decisions before the run

    /// Applies the decisions with which the run began.
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
