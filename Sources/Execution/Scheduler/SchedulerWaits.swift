import DependencyGraph
import WorkflowModel

/// Whom waiting steps were last said to wait for.
struct WaitState: Sendable {
    private var told: [Int: (holder: LockHolder, count: Int)] = [:]

    /// Most steps of the same run that are recorded as holding one step back: where thousands write
    /// one file, each of them would otherwise have all the others on record.
    static let maxOfSameRun = 8

    /// Whether to record that a step waits for a holder: not when the last record says just that.
    mutating func shouldTell(_ step: Int, of holder: LockHolder) -> Bool {
        let known = told[step]
        guard known?.holder != holder else { return false }
        let count = (known?.count ?? 0) + (holder.isOfSameRun ? 1 : 0)
        guard count <= Self.maxOfSameRun || !holder.isOfSameRun else { return false }
        told[step] = (holder, count)
        return true
    }

    /// A step waits no more.
    mutating func end(_ step: Int) {
        if !told.isEmpty { told[step] = nil }
    }
}

/// Records which step holds another back: by units of a resource, a file that both write, or since
/// one of them runs alone. A step that waits for a slot, or for its turn in a task or group, is held
/// back by no one step.
extension Scheduler {
    /// Says whom a step waits for, unless that was said last.
    mutating func tell(_ step: Int, waitsFor holder: LockHolder, _ effects: inout Effects) {
        if waits.shouldTell(step, of: holder) {
            effects.record(.waiting(step: step, holder: holder))
        }
    }

    /// Says which step of this run has the units of a resource that another waits for.
    mutating func tellWait(of step: Int, forResource resource: Int, _ effects: inout Effects) {
        guard plan.resources[resource].isLockable, pool.bars(of: resource).isEmpty,
            let other = activeSteps.keys.filter({ active in
                plan.claims[active].contains { Int($0.resource) == resource }
            }).min()
        else { return }
        tell(step, waitsFor: holder(other, plan.resources[resource].name, .resource), &effects)
    }

    /// Says which step of this run writes a file that another is to write, too.
    mutating func tellWait(of step: Int, for conflict: PlannedConflict, _ effects: inout Effects) {
        let path = plan.resolved.conflicts[Int(conflict.conflict)].path
        tell(step, waitsFor: holder(Int(conflict.step), path, .sharedOutput), &effects)
    }

    /// Says for whom a step waits that has to run alone, and that those behind it wait for it.
    mutating func tellWait(ofLoneStep step: Int, _ effects: inout Effects) {
        guard let other = activeSteps.keys.min() else { return }
        tell(step, waitsFor: holder(other, "", .waiterRunsAlone), &effects)
        tellWait(behindLoneStep: step, free: slots - activeSteps.count, &effects)
    }

    /// Says that the steps for which there are slots wait for one that runs alone.
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
