import DependencyGraph
import WorkflowModel

/// Conditions: the shell evaluates them once all dependencies of a step have ended.
extension Scheduler {
    /// Whether a step must wait for its condition; requests the evaluation if so.
    mutating func isHeldByCondition(_ step: Int) -> Bool {
        guard plan.traits[step].contains(.hasCondition), states[step] == .pending else {
            return false
        }
        toEvaluate.append(step)
        undecided.insert(Int(plan.order.ranks[step]))
        return true
    }

    /// Whether a slot is left beside the steps of lower rank whose condition may soon let them
    /// start: a step with a condition starts in its order, as if it had none.
    func leavesRoom(for rank: Int) -> Bool {
        var taken = activeSteps.count
        var other = undecided.first
        while let found = other, found < rank {
            taken += 1
            guard taken < slots else { return false }
            other = undecided.first(after: found)
        }
        return true
    }

    /// Requests the conditions of the steps that would be ready without them.
    mutating func evaluateConditions(_ effects: inout Effects) {
        guard !toEvaluate.isEmpty, !stop.isStopping else { return }
        for step in toEvaluate where states.move(step, to: .evaluating) {
            effects.act(.evaluateCondition(step: step))
        }
        toEvaluate = []
    }

    mutating func conditionEvaluated(
        _ step: Int, _ outcome: ConditionOutcome, _ effects: inout Effects
    ) {
        // After a stop the result is not needed: the step is skipped with the others.
        guard states[step] == .evaluating, !stop.isStopping else { return }
        undecided.remove(Int(plan.order.ranks[step]))
        let expression = plan.resolved.workflow.steps[step].gating.condition ?? ""
        switch outcome {
        case .holds: makeReady(step)
        case .fails(let values):
            close(step)
            effects.record(.skipped(step: step, .conditionFalse(expression, values: values)))
            satisfyDependents(of: step)
        case .error(let message):
            end(
                step,
                StepEnd(
                    status: .failed, reason: .conditionError(expression, message: message)),
                &effects)
        }
    }
}
