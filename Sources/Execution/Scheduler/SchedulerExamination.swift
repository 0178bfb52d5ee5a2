import DependencyGraph
import WorkflowModel

/// Smart execution: steps that need not run.
///
/// What is known before the run is in the plan. A step that depends on a running one, or whose
/// result may be in the cache, is examined when it could start: it then holds its slot and its
/// locks, so that nobody writes the files that are compared or restored.
extension Scheduler {
    /// Skips the steps that the plan found up to date; the caller notifies their dependents.
    ///
    /// - Returns: The steps.
    mutating func skipUpToDate(_ effects: inout Effects) -> [Int] {
        guard let smart = plan.smart else { return [] }
        let steps = smart.upToDate.keys.filter { plan.isUpToDate($0) && states[$0] != nil }.sorted()
        effects.skip(
            steps.compactMap { step in
                smart.upToDate[step].map { (step, smart.reason(upToDateSince: $0)) }
            })
        for step in steps { close(step) }
        return steps
    }

    /// Starts a step that has all that it needs, or has it examined first.
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

    /// Handles the result of examining a step.
    mutating func examined(_ step: Int, _ checkBeforeStart: Examination, _ effects: inout Effects) {
        guard states[step] == .examining else { return }
        switch checkBeforeStart {
        case .due(let found):
            // Stored, so that a step that has to wait after all is not examined twice.
            causes[step] = found.isEmpty ? plan.smart?.due[step] ?? [] : found
            guard mayStillStart(step, &effects) else { return }
            // A breaker may have opened and cooled down while the step was examined.
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

    /// Records why a step runs, in a run that skips steps.
    mutating func recordCauses(of step: Int, _ effects: inout Effects) {
        guard let smart = plan.smart else { return }
        let found = causes.removeValue(forKey: step) ?? smart.due[step] ?? []
        if !found.isEmpty { effects.record(.due(step: step, found)) }
    }
}

extension SkipPlan {
    /// The reason why an up-to-date step does not run.
    func reason(upToDateSince run: String) -> StepReason {
        if case .since(let revision) = choice {
            .unchanged(since: revision)
        } else {
            .upToDate(run: run)
        }
    }
}

extension RunPlan {
    /// Whether a step does not run because its result exists already.
    public func isUpToDate(_ step: Int) -> Bool {
        guard let smart, smart.upToDate[step] != nil else { return false }
        return selected[step] && doneEarlier[step] == nil && policy.decisions[step] == nil
    }

    /// Applies the steps that need not run, and computes the order of the others again.
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
