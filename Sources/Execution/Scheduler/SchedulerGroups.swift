import WorkflowModel

/// The groups that a critical failure has halted, with the failed step.
struct GroupState: Sendable {
    private var haltedBy: [Int: Int] = [:]

    var isEmpty: Bool { haltedBy.isEmpty }

    /// The step whose failure halted a group; nil while the group continues.
    subscript(group: Int) -> Int? {
        get { haltedBy[group] }
        set { haltedBy[group] = newValue }
    }
}

/// Groups with a `failure_strategy` of their own: a critical failure in one halts that group as it
/// would halt the run, and no other step. ``ErrorPropagation`` decides about its dependents.
extension Scheduler {
    /// Why a step will never start although the run continues; nil when it may.
    func groupHalt(of step: Int) -> StepReason? {
        guard !groups.isEmpty, let group = plan.groups.number(of: step),
            let failed = groups[group]
        else { return nil }
        return .groupHalted(plan.groups.groups[group].name, by: failed)
    }

    /// Whether a step does not start again, whatever the result of its attempt.
    func isHalted(_ step: Int) -> Bool { stop.isStopping || groupHalt(of: step) != nil }

    /// Why a step that ends now counts as aborted; nil when its own result counts.
    func abortReason(of step: Int) -> StepReason? {
        guard !groups.isEmpty, let group = plan.groups.number(of: step),
            plan.groups.groups[group].strategy == .pessimistic, let reason = groupHalt(of: step)
        else { return stop.abortReason }
        return reason
    }

    /// A critical step of a group has failed: no other step of the group starts, and running ones
    /// are stopped or finish.
    mutating func haltGroup(by step: Int, _ effects: inout Effects) {
        guard !stop.isStopping, let group = plan.groups.number(of: step), groups[group] == nil
        else { return }
        groups[group] = step
        effects.record(.groupHalting(step: step))
        for member in plan.groups.groups[group].members {
            let member = Int(member)
            switch states[member] {
            case .pending, .ready, .waiting, .evaluating, .backingOff: dropHalted(member, &effects)
            default: break
            }
        }
        for member in activeSteps.keys.sorted() where plan.groups.number(of: member) == group {
            applyStop(to: member, &effects)
            stopPutOffCheck(member, &effects)
        }
    }

    /// Ends a step of a halted group that holds nothing; false when its group continues.
    @discardableResult
    mutating func dropHalted(_ step: Int, _ effects: inout Effects) -> Bool {
        guard let reason = groupHalt(of: step), states[step] != .ended else { return false }
        withdraw(step)
        closeUnstarted(step, .aborted, reason, &effects)
        wakeClaims(of: step)
        passOnFailure(of: step, &effects)
        return true
    }
}
