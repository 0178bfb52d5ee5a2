/// What a step that failed said last: part of the event of its failure.
extension RunEvent.Kind {
    /// The event with the last line that the step wrote, where this explains the failure.
    ///
    /// - Parameter lastLine: The line by the step's index, as it may be shown; nil where there is none.
    ///   Asked only where it is wanted, since the log is read for it.
    /// - Returns: The event; itself where no line is wanted.
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
    /// Whether the step itself ended badly, and may have said why; all other reasons say it themselves.
    var isExplainedByOutput: Bool {
        switch self {
        case .exited, .signalled: true
        default: false
        }
    }
}
