import DependencyGraph
import WorkflowModel

/// Smart execution: steps that need not run.
///
/// What is known before the run is in the plan. A step that needs one that runs, or whose result may
/// have been kept, is looked at when its turn has come: it holds its slot and its locks then, so that
/// nobody writes what is compared, or put in place.
extension Scheduler {
    /// Skips what the plan found up to date; their dependents are told by the caller.
    ///
    /// - Returns: The steps.
    mutating func skipUpToDate(_ effects: inout Effects) -> [Int] {
        guard let smart = plan.smart else { return [] }
        let steps = smart.upToDate.keys.filter { plan.isUpToDate($0) && states[$0] != nil }.sorted()
        for step in steps {
            guard let run = smart.upToDate[step] else { continue }
            effects.record(.skipped(step: step, smart.reason(upToDateSince: run)))
            close(step)
        }
        return steps
    }

    /// Starts a step that has all that it needs, or has it looked at before.
    mutating func proceed(_ step: Int, _ effects: inout Effects) {
        guard isToBeExamined(step), states.move(step, to: .examining) else {
            launch(step, &effects)
            return
        }
        effects.act(.examine(step: step))
    }

    private func isToBeExamined(_ step: Int) -> Bool {
        guard let smart = plan.smart, smart.isExamined(step) else { return false }
        return causes[step] == nil && attempts.made(by: step) == 0
            && plan.policy.decisions[step] == nil
    }

    /// What the look at a step has said.
    mutating func examined(_ step: Int, _ checkBeforeStart: Examination, _ effects: inout Effects) {
        guard states[step] == .examining else { return }
        switch checkBeforeStart {
        case .due(let found):
            // Kept, so that a step that has to wait after all is not looked at twice.
            causes[step] = found.isEmpty ? plan.smart?.due[step] ?? [] : found
            guard mayStillStart(step, &effects) else { return }
            // A breaker may have opened and cooled down while the step was looked at.
            beginProbes(step)
            launch(step, &effects)
        case .upToDate(let run):
            close(step)
            effects.record(.skipped(step: step, .upToDate(run: run)))
            giveBack(step, &effects)
            satisfyDependents(of: step)
        case .restored(let run, let found):
            close(step)
            if !found.isEmpty { effects.record(.due(step: step, found)) }
            effects.record(
                .ended(step: step, StepEnd(status: .cached, reason: .restored(run: run))))
            noteEffect(of: step)
            giveBack(step, &effects)
            satisfyDependents(of: step)
        }
    }

    /// Records why a step runs, where a run tells that of its steps.
    mutating func recordCauses(of step: Int, _ effects: inout Effects) {
        guard let smart = plan.smart else { return }
        let found = causes.removeValue(forKey: step) ?? smart.due[step] ?? []
        if !found.isEmpty { effects.record(.due(step: step, found)) }
    }
}

extension SkipPlan {
    /// Why a step that is up to date does not run.
    func reason(upToDateSince run: String) -> StepReason {
        if case .since(let revision) = choice {
            .unchanged(since: revision)
        } else {
            .upToDate(run: run)
        }
    }
}

extension RunPlan {
    /// Whether a step does not run, for what it would do is done.
    public func isUpToDate(_ step: Int) -> Bool {
        guard let smart, smart.upToDate[step] != nil else { return false }
        return selected[step] && doneEarlier[step] == nil && policy.decisions[step] == nil
    }

    /// Takes over what need not run, and orders the rest anew.
    public mutating func adopt(_ smart: SkipPlan) {
        self.smart = smart
        let runs = selected.indices.map {
            selected[$0] && doneEarlier[$0] == nil && !isUpToDate($0)
        }
        if var durations {
            for step in durations.indices where !runs[step] { durations[step] = 0 }
            self.durations = durations
        }
        for step in isMeasured.indices where !runs[step] { isMeasured[step] = false }
        order = Self.order(
            startOrder, graph: resolved.graph, selected: runs, durations: durations, limit: limit)
    }
}
