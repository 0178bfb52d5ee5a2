import DependencyGraph
import WorkflowModel

/// Giving up: steps whose processes no signal ends, and steps that can never start beside them.
extension Scheduler {
    /// After KILL a process is gone at once, unless the kernel holds it; this long it is waited for.
    static var killPatience: Int64 { 5_000_000_000 }

    /// A step's processes have outlived KILL: the run goes on without what the step holds.
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
        // Whoever waits for what will never come back is told so when it is looked at.
        for other in 0..<states.count
        where states[other] == .waiting && obstacle(to: other) != nil {
            withdraw(other)
            makeReady(other)
        }
    }

    /// The step beside which another can never start; nil when there is none.
    func obstacle(to step: Int) -> Int? {
        guard !unkillable.isEmpty else { return nil }
        return unkillable.first { other in
            plan.traits[step].contains(.runsAlone) || plan.traits[other].contains(.runsAlone)
                || plan.conflicts[step].contains { Int($0.step) == other }
                || plan.claims[step].contains { isTaken($0, by: other) }
        }
    }

    /// Whether a step that is stuck has units of a claim, and not enough are left of it.
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

    /// Ends a step that waits to start, for want of any way to start it; what depends on it too.
    mutating func drop(_ step: Int, _ reason: StepReason, _ effects: inout Effects) {
        withdraw(step)
        guard states[step] != .ended else { return }
        closeUnstarted(step, .failed, reason, &effects)
        wakeClaims(of: step)
        failed(step, .goesOn, &effects)
    }

    /// Takes a step from where it waits.
    mutating func withdraw(_ step: Int) {
        let rank = Int(plan.order.ranks[step])
        ready.remove(rank)
        guard states[step] == .waiting else { return }
        for claim in plan.claims[step] { pool.unpark(rank: rank, from: Int(claim.resource)) }
    }
}
