import DependencyGraph
import WorkflowModel

/// The last recorded holder for each waiting step.
struct WaitState: Sendable {
    private var recorded: [Int: (holder: LockHolder, count: Int)] = [:]

    /// The largest number of steps of the same run that are recorded as holders of one step: when
    /// thousands write one file, each would otherwise record all the others.
    static let maxOfSameRun = 8

    /// Whether to record that a step waits for a holder: not if the last record is equal.
    mutating func shouldTell(_ step: Int, of holder: LockHolder) -> Bool {
        let known = recorded[step]
        guard known?.holder != holder else { return false }
        let count = (known?.count ?? 0) + (holder.isOfSameRun ? 1 : 0)
        guard count <= Self.maxOfSameRun || !holder.isOfSameRun else { return false }
        recorded[step] = (holder, count)
        return true
    }

    /// Forgets a step that no longer waits.
    mutating func end(_ step: Int) {
        if !recorded.isEmpty { recorded[step] = nil }
    }
}

/// Records which step holds another back: by units of a resource, by a file that both write, or
/// because one of them runs alone. A step that waits for a slot, or for its turn in a task or
/// group, is not held back by a single step.
extension Scheduler {
    /// Records the holder for which a step waits, unless the last record is equal.
    mutating func tell(_ step: Int, waitsFor holder: LockHolder, _ effects: inout Effects) {
        if waits.shouldTell(step, of: holder) {
            effects.record(.waiting(step: step, holder: holder))
        }
    }

    /// Records which step of this run holds the units of a resource for which another waits.
    mutating func tellWait(of step: Int, forResource resource: Int, _ effects: inout Effects) {
        guard plan.resources[resource].isLockable, pool.bars(of: resource).isEmpty,
            let other = activeSteps.keys.filter({ active in
                plan.claims[active].contains { Int($0.resource) == resource }
            }).min()
        else { return }
        tell(step, waitsFor: holder(other, plan.resources[resource].name, .resource), &effects)
    }

    /// Records which step of this run writes a file that another also writes.
    mutating func tellWait(of step: Int, for conflict: PlannedConflict, _ effects: inout Effects) {
        let path = plan.resolved.conflicts[Int(conflict.conflict)].path
        tell(step, waitsFor: holder(Int(conflict.step), path, .sharedOutput), &effects)
    }

    /// Records for which running step a lone step waits, and that the steps behind it wait for it.
    mutating func tellWait(ofLoneStep step: Int, _ effects: inout Effects) {
        guard let other = activeSteps.keys.min() else { return }
        tell(step, waitsFor: holder(other, "", .waiterRunsAlone), &effects)
        tellWait(behindLoneStep: step, free: slots - activeSteps.count, &effects)
    }

    /// Records that the steps with free slots wait for one that runs alone.
    mutating func tellWait(behindLoneStep step: Int, free: Int, _ effects: inout Effects) {
        guard free > 0, !plan.order.isStrict else { return }
        var free = free
        var next = ready.first
        while free > 0, let rank = next {
            let other = Int(plan.order.steps[rank])
            if other != step {
                tell(other, waitsFor: holder(step, "", .holderRunsAlone), &effects)
                free -= 1
            }
            next = ready.first(after: rank)
        }
    }

    private func holder(_ step: Int, _ subject: String, _ why: LockHolder.Why) -> LockHolder {
        LockHolder(
            resource: subject, step: plan.resolved.workflow.steps[step].id.rawValue, why: why)
    }
}
