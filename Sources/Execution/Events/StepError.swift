/// Adds the last output line of a failed step to the event of its failure.
extension RunEvent.Kind {
    /// The event with the step's last output line, if that can explain the failure.
    ///
    /// - Parameter lastLine: Returns the line by the step's index, safe to show; nil when there is
    ///   none. Called only when needed, since it reads the log.
    /// - Returns: The event; unchanged when no line is needed.
    public func withLastLine(_ lastLine: (Int) -> String?) -> RunEvent.Kind {
        switch self {
        case .ended(let step, var end):
            guard end.status == .failed, let reason = end.reason, reason.isExplainedByOutput
            else { return self }
            end.error = lastLine(step)
            return .ended(step: step, end)
        case .attemptFailed(let step, var failure):
            guard failure.reason.isExplainedByOutput else { return self }
            failure.error = lastLine(step)
            return .attemptFailed(step: step, failure)
        default:
            return self
        }
    }
}

extension StepReason {
    /// Whether the step itself failed, so that its output may explain why; all other reasons are
    /// complete explanations.
    var isExplainedByOutput: Bool {
        switch self {
        case .exited, .signalled: true
        default: false
        }
    }
}
