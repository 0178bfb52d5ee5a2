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
    /// A person is to decide about the step.
    case review
}

/// Failures: which of them halt the run, ask a person, or change nothing but for dependents.
extension Scheduler {
    /// What follows from the failure of a step, and whether it is the last of too many in a row.
    func consequence(
        ofFailureOf step: Int
    ) -> (consequence: FailureConsequence, isThreshold: Bool) {
        guard !plan.isFinalizer(step) else { return (.goesOn, false) }
        let asks = policy.mode == .collaborative || plan.policy.propagation == .collaborativeReview
        let isCritical = isCritical(step)
        guard !stop.isStopping else {
            return (stop.isReviewAwaited && asks && isCritical ? .review : .goesOn, false)
        }
        if let threshold = plan.policy.threshold, policy.failuresInARow + 1 >= threshold {
            return (asks || policy.mode == .dynamic ? .review : .halts, true)
        }
        guard isCritical else { return (.goesOn, false) }
        if asks { return (.review, false) }
        return (plan.policy.propagation == .haltOnCritical ? .halts : .goesOn, false)
    }

    private func isCritical(_ step: Int) -> Bool {
        plan.policy.heedsCritical && plan.traits[step].contains(.isCritical)
    }

    /// Ends a step that failed, or asks what is to become of it.
    mutating func fail(
        _ step: Int, with outcome: StepEnd,
        _ verdict: (consequence: FailureConsequence, isThreshold: Bool), _ turn: inout Turn
    ) {
        let counted = policy.failuresInARow + 1
        if !plan.isFinalizer(step) {
            policy.failuresInARow = verdict.isThreshold ? 0 : counted
        }
        if verdict.consequence == .review, plan.policy.canAsk, !stop.isStopping {
            if let reason = outcome.reason {
                turn.record(
                    .attemptFailed(
                        step: step,
                        AttemptFailure(reason: reason, exit: outcome.exit, usage: outcome.usage)))
            }
            if verdict.isThreshold { reachThreshold(step, counted, &turn) }
            review(step, outcome, &turn)
            return
        }
        close(step)
        turn.record(.ended(step: step, outcome))
        giveBack(step, &turn)
        if verdict.isThreshold { reachThreshold(step, counted, &turn) }
        failed(step, verdict.consequence, &turn)
        if verdict.consequence == .halts {
            halt(by: step, inARow: verdict.isThreshold ? counted : nil, &turn)
        }
    }

    private mutating func reachThreshold(_ step: Int, _ failures: Int, _ turn: inout Turn) {
        turn.record(.thresholdReached(step: step, failures: failures))
        guard policy.mode == .dynamic else { return }
        policy.mode = .collaborative
        turn.record(.modeChanged(.collaborative))
    }

    /// A step has ended and not well: what that means for the others, but for a halt.
    mutating func failed(_ step: Int, _ consequence: FailureConsequence, _ turn: inout Turn) {
        hasFailed = true
        policy.unwell.insert(step)
        if consequence == .review {
            // What depends on it waits for the decision, too, which another run will take.
            turn.record(.reviewWanted(step: step))
            stop.awaitsReviewOf = stop.awaitsReviewOf ?? step
        } else {
            passOnFailure(of: step, &turn)
        }
    }

    /// Dependents of a step that did not end well run, or never will.
    mutating func passOnFailure(of step: Int, _ turn: inout Turn) {
        if plan.policy.propagation == .continueAndLog || plan.isFinalizer(step) {
            satisfyDependents(of: step)
        } else {
            blockDependents(of: step, &turn)
        }
    }

    /// A step that never started stands for a failure, with all that follows from one.
    mutating func dropAsFailure(_ step: Int, _ reason: StepReason, _ turn: inout Turn) {
        let isCritical = isCritical(step) && !stop.isStopping && !plan.isFinalizer(step)
        let asks = policy.mode == .collaborative || plan.policy.propagation == .collaborativeReview
        guard isCritical, asks else {
            guard drop(step, reason, &turn) else { return }
            if isCritical, plan.policy.propagation == .haltOnCritical { halt(by: step, &turn) }
            return
        }
        if plan.policy.canAsk {
            withdraw(step)
            review(step, StepEnd(status: .failed, reason: reason), &turn)
        } else {
            drop(step, reason, awaitsReview: true, &turn)
        }
    }

    // MARK: - What a launch is told

    /// The steps that a step needs, itself or through some that were left out, and that did not end
    /// well.
    func unwellNeeds(of step: Int) -> [Int] {
        guard !policy.unwell.isEmpty else { return [] }
        var found: Set<Int> = []
        var passed: Set<Int> = []
        var open = [step]
        while let next = open.popLast() {
            for dependency in plan.resolved.graph.dependencies(of: next) {
                if isPassedOver(dependency) {
                    if passed.insert(dependency).inserted { open.append(dependency) }
                } else if policy.unwell.contains(dependency) {
                    found.insert(dependency)
                }
            }
        }
        return found.sorted()
    }

    /// Says that a step runs although what it needs failed.
    mutating func warn(of needs: [Int], for step: Int, _ turn: inout Turn) {
        // A finalizer is there for just that.
        guard !needs.isEmpty, !plan.isFinalizer(step) else { return }
        let names = needs.map { "`\(plan.resolved.workflow.steps[$0].id)`" }
        let last = names[names.count - 1]
        let list =
            names.count == 1 ? last : names.dropLast().joined(separator: ", ") + " and " + last
        turn.record(.warning(step: step, "runs although \(list) failed"))
    }

    // MARK: - What was decided before the run

    /// Takes the decisions that the run was begun with.
    mutating func takeDecisions(_ turn: inout Turn) {
        if policy.mode != .silent { turn.record(.modeChanged(policy.mode)) }
        var halting: Int?
        for (step, decision) in plan.policy.decisions.sorted(by: { $0.key < $1.key })
        where states[step] == .pending {
            guard decision == .skip || !plan.isFinalizer(step) else { continue }
            turn.record(.decided(step: step, decision))
            switch decision {
            case .retry: continue
            case .useBackup: beginWithBackup(step)
            case .skip:
                policy.decidedAhead.insert(step)
                turn.record(.skipped(step: step, .decided(.skip)))
                close(step)
            case .proceed, .halt:
                if decision == .proceed { policy.decidedAhead.insert(step) }
                hasFailed = true
                policy.unwell.insert(step)
                turn.record(
                    .ended(step: step, StepEnd(status: .failed, reason: .decided(decision))))
                close(step)
                if decision == .halt { halting = halting ?? step }
            }
        }
        guard let halting else { return }
        blockDependents(of: halting, &turn)
        halt(by: halting, &turn)
    }
}
