import WorkflowModel

extension ValueReader {
    /// Applies `[error_propagation]` of the source documents; reports keys that `[execution]` sets
    /// as well.
    mutating func settleErrorPropagation(_ draft: inout WorkflowDraft) {
        guard let entry = draft.errorPropagation, let table = table(entry) else { return }
        var settings = draft.workflow.execution
        WorkflowTables.errorPropagation.decode(table, into: &settings, with: &self)
        if let off = table.entry("enabled") ?? table.entry("propagation_enabled"),
            case .boolean(false) = off.value.content
        {
            report(
                .warning(
                    "`[error_propagation]` is turned off, so its other keys have no effect",
                    at: off.keyRange,
                    help: "a critical failure halts the run, unless `[execution]` says otherwise"))
            return
        }
        draft.workflow.execution = settings
        applyHalt(of: table, to: &draft.workflow.execution)
        let pairs = [
            ("propagation_strategy", "error_propagation"), ("strategy", "error_propagation"),
            ("halt_on_critical", "error_propagation"), ("failure_threshold", "failure_threshold"),
        ]
        for (key, other) in pairs {
            guard let first = draft.executionTable?.entry(other), let second = table.entry(key)
            else { continue }
            report(
                .error(
                    "`\(key)` of `[error_propagation]` is `\(other)` of `[execution]`",
                    at: second.keyRange, help: "keep one of them",
                    related: [.init("the other one is here", at: first.keyRange)]))
        }
    }

    /// Takes `halt_on_critical` as the strategy when none is set; reports when the two contradict
    /// each other.
    ///
    /// `collaborative_review` does not contradict it: a review halts first, and then asks.
    private mutating func applyHalt(
        of table: DocumentTable, to settings: inout ExecutionSettings
    ) {
        guard let entry = table.entry("halt_on_critical"),
            case .boolean(let halts) = entry.value.content
        else { return }
        guard let strategy = table.entry("propagation_strategy") ?? table.entry("strategy") else {
            settings.errorPropagation = halts ? .haltOnCritical : .continueAndLog
            return
        }
        let other: ErrorPropagation = halts ? .continueAndLog : .haltOnCritical
        guard settings.errorPropagation == other else { return }
        report(
            .error(
                "`halt_on_critical = \(halts)` and `\(strategy.key) = \"\(other.rawValue)\"` "
                    + "contradict each other", at: entry.keyRange, help: "keep one of them",
                related: [.init("the other one is here", at: strategy.keyRange)]))
    }
}
