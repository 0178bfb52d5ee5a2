/// Why a run does not tell what a step was made from.
public enum MissingFingerprint: Hashable, Sendable {
    /// It took over what another run, which is named, had made: why, as a clause.
    case elsewhere(run: String, String)
    /// It did not run the step: what it says of it, as a clause.
    case notRun(String)
    /// It is going on, and writes that at its end.
    case goesOn
    /// It was ended before that was written.
    case cutOff
    /// It wrote nothing of the kind, as older versions do and as happens on a full disk.
    case nothingKept
    /// It wrote that of other steps, or in another form.
    case unreadable

    /// What is missing, as a sentence; what it names is not neutralised.
    public func text(of step: String, in run: String) -> String {
        switch self {
        case .elsewhere(let earlier, let clause):
            "run \(run) did not run `\(step)` (\(clause)), and run \(earlier) is not here"
        case .notRun(let clause): "run \(run) did not run `\(step)`: \(clause)"
        case .goesOn: "run \(run) tells what it made `\(step)` from when it has ended"
        case .cutOff: "run \(run) was ended before it wrote what `\(step)` was made from"
        case .nothingKept:
            "run \(run) did not write what `\(step)` was made from (an older version, or a full disk)"
        case .unreadable:
            "what run \(run) wrote of what `\(step)` was made from cannot be read"
        }
    }
}

extension RunRecord {
    /// Why the run does not tell what a step was made from.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - isAlive: Whether the run is going on.
    ///   - hasIngredients: Whether it has written what any step was made from.
    /// - Returns: The reason.
    public func gap(at step: Int, isAlive: Bool, hasIngredients: Bool) -> MissingFingerprint {
        guard steps.indices.contains(step) else { return .notRun("it has no such step") }
        let (state, clause) = (steps[step], reasonText(of: step))
        if let earlier = state.reason?.sourceRun {
            let isMark = earlier.hasPrefix(StepReason.markPrefix)
            return isMark ? .notRun(clause ?? "") : .elsewhere(run: earlier, clause ?? "")
        }
        guard state.launchedAt != nil else {
            guard state.status.isFinal else {
                return .notRun(isAlive ? "it is still to come" : "the run ended before its turn")
            }
            return .notRun(clause ?? state.status.rawValue)
        }
        if isAlive { return .goesOn }
        if endedAt == nil { return .cutOff }
        return hasIngredients ? .unreadable : .nothingKept
    }
}
