import DependencyGraph
import WorkflowModel

/// Abandons steps whose processes no signal ends, and steps that can never start beside them.
extension Scheduler {
    /// How long to wait after KILL: a process is gone at once, unless the kernel holds it.
    static var killPatience: Int64 { 5_000_000_000 }

    /// The processes of a step have survived KILL: the run continues without what the step holds.
    mutating func abandon(_ step: Int, _ effects: inout Effects) {
        guard let active = activeSteps[step] else { return }
        let pids = active.survivors
        let names = pids.map { String($0) }.joined(separator: ", ")
        effects.record(
            .warning(
                step: step,
                "cannot be killed: \(pids.count == 1 ? "process" : "processes") \(names) still"
                    + " there 5s after KILL; what it holds stays taken"))
        unkillable.append(step)
        if abortReason(of: step) == nil { noteOutcome(of: step, succeeded: false, &effects) }
        end(
            step,
            StepEnd(
                status: .failed, reason: .unkillable(pids), exit: active.exit,
                usage: active.usage), &effects)
        effects.act(.abandon(step: step))
        // Steps that wait for units that never come back are checked again, and then fail.
        for other in 0..<states.count
        where states[other] == .waiting && obstacle(to: other) != nil {
            withdraw(other)
            makeReady(other)
        }
    }

    /// The unkillable step beside which another can never start; nil when there is none.
    func obstacle(to step: Int) -> Int? {
        guard !unkillable.isEmpty else { return nil }
        return unkillable.first { other in
            plan.traits[step].contains(.runsAlone) || plan.traits[other].contains(.runsAlone)
                || plan.conflicts[step].contains { Int($0.step) == other }
                || plan.claims[step].contains { isTaken($0, by: other) }
        }
    }

    /// Whether an unkillable step holds units of a claim, so that not enough are left for it.
    private func isTaken(_ claim: ResourceClaim, by other: Int) -> Bool {
        guard plan.claims[other].contains(where: { $0.resource == claim.resource }) else {
            return false
        }
        let taken = unkillable.reduce(0) { sum, step in
            plan.claims[step].reduce(sum) {
                $1.resource == claim.resource ? $0 + Int($1.units) : $0
            }
        }
        return Int(claim.units) > plan.resources[Int(claim.resource)].capacity - taken
    }

    func obstacleReason(_ other: Int) -> StepReason {
        let id = plan.resolved.workflow.steps[other].id
        return .other("it cannot run beside `\(id)`, which cannot be killed")
    }

    /// Fails a waiting step that can never start, and handles its dependents.
    mutating func drop(_ step: Int, _ reason: StepReason, _ effects: inout Effects) {
        withdraw(step)
        guard states[step] != .ended else { return }
        closeUnstarted(step, .failed, reason, &effects)
        wakeClaims(of: step)
        failed(step, .goesOn, &effects)
    }

    /// Removes a step from the queues in which it waits.
    mutating func withdraw(_ step: Int) {
        let rank = Int(plan.order.ranks[step])
        ready.remove(rank)
        guard states[step] == .waiting else { return }
        for claim in plan.claims[step] { pool.unpark(rank: rank, from: Int(claim.resource)) }
    }
}
