import WorkflowModel

@testable import Execution

/// Groups that fail on their own: what is true of them, by what was declared alone.
extension RunCheck {
    struct GroupTruth {
        /// The step by whose failure each was halted, by name.
        var haltedBy: [String: Int] = [:]
        /// The step whose failure has halted one, until that is on record.
        var owedHalt: Int?
    }

    private func group(of step: Int) -> ParallelGroup? {
        guard !isFinalizer(step), let name = declared(step).parallelGroup else { return nil }
        return plan.resolved.workflow.parallelGroups.first { $0.name == name }
    }

    func failsInGroup(_ step: Int) -> Bool { group(of: step)?.failureStrategy != nil }

    func isGroupHalted(_ step: Int) -> Bool {
        group(of: step).map { groups.haltedBy[$0.name] != nil } ?? false
    }

    /// Whether a step is stopped that runs: with the run, or with its group.
    func isStopped(_ step: Int) -> Bool {
        stopsRunning || isGroupHalted(step) && group(of: step)?.failureStrategy == .pessimistic
    }

    mutating func groupHalted(by step: Int, at now: RunTime) {
        guard !isStopping, let halted = group(of: step), groups.haltedBy[halted.name] == nil
        else { return }
        groups.haltedBy[halted.name] = step
        groups.owedHalt = step
        guard halted.failureStrategy == .pessimistic else { return }
        forEachProcess { check, other in
            if check.group(of: other) == halted { check.stopReaches(other, at: now) }
        }
    }

    mutating func groupHaltIsOnRecord(_ step: Int) {
        expect(groups.owedHalt == step, step, "a halt of its group that was none")
        groups.owedHalt = nil
    }

    /// A step ended, or never will start, for the halt of a group: of its own, by that step.
    mutating func expectOwnGroup(_ step: Int, _ name: String, by other: Int) {
        expect(group(of: step)?.name == name, step, "stopped with the group `\(name)` of others")
        expect(groups.haltedBy[name] == other, step, "stopped with a group that goes on")
    }

    /// A step may begin as far as its group goes.
    mutating func expectGroupLets(_ step: Int, _ what: String) {
        expect(!isGroupHalted(step), step, "\(what) in a halted group")
        guard let name = declared(step).parallelGroup,
            let declared = plan.resolved.workflow.parallelGroups.first(where: { $0.name == name }),
            let most = declared.maxParallelSteps
        else { return }
        let running = steps(active | bit(step)).count { self.declared($0).parallelGroup == name }
        expect(running <= most, step, "\(what) beside too many of its group")
    }
}
