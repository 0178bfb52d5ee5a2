import WorkflowModel

/// Attempts: what follows from the end of one, and which one a launch is.
extension Scheduler {
    /// An attempt is over: its step ends with it, or goes on.
    mutating func conclude(_ step: Int, _ outcome: StepEnd, _ turn: inout Turn) {
        end(step, outcome, &turn)
    }

    /// Which attempt by which method the next launch of a step is.
    func nextAttempt(of step: Int) -> (attempt: Int, method: StepMethod) { (1, .primary) }

    /// Begins a new series of attempts of a step in review.
    mutating func restart(_ step: Int, from method: StepMethod) { makeReady(step) }

    /// Begins the first series of a step with its first backup.
    mutating func beginWithBackup(_ step: Int) {}
}
