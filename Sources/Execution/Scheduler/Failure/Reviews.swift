/// Failed steps about which a person decides, one after another.
///
/// A value without knowledge of the run: it is told which steps come into review and what is
/// answered, and says what to ask and how each step would end.
struct Reviews: Sendable {
    /// In the order in which they failed; the question is about the first.
    private var queue: [Int] = []
    /// How each step ends without a decision.
    private var outcomes: [Int: StepEnd] = [:]
    /// The step that the open question is about.
    private(set) var asked: Int?

    /// Whether no step is in review.
    var isEmpty: Bool { queue.isEmpty }

    /// Puts a failed step into review, after the earlier ones.
    mutating func add(_ step: Int, _ outcome: StepEnd) {
        queue.append(step)
        outcomes[step] = outcome
    }

    /// The step to ask about now, which counts as asked from then on; nil while a question is open,
    /// and when no step is in review.
    mutating func nextQuestion() -> Int? {
        guard asked == nil, let step = queue.first else { return nil }
        asked = step
        return step
    }

    /// What can be decided about a step in review.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - canRunAgain: Whether nothing keeps the step from another attempt.
    ///   - hasBackups: Whether one of its backups has a command.
    /// - Returns: The decisions, in the order in which they are offered.
    func choices(
        for step: Int, canRunAgain: Bool, hasBackups: @autoclosure () -> Bool
    ) -> [ReviewDecision] {
        let others: [ReviewDecision] = [.skip, .proceed, .halt]
        guard canRunAgain else { return others }
        // The values that a condition uses do not change.
        if case .conditionError = outcomes[step]?.reason { return others }
        return (hasBackups() ? [.retry, .useBackup] : [.retry]) + others
    }

    /// Applies a decision: the step is no longer in review.
    ///
    /// - Returns: How the step would end without it; nil, without effect, for an answer to no open
    ///   question, or one that was not offered.
    mutating func decide(
        _ step: Int, _ decision: ReviewDecision, offered: [ReviewDecision]
    ) -> StepEnd? {
        guard asked == step, offered.contains(decision) else { return nil }
        asked = nil
        queue.removeAll { $0 == step }
        return outcomes.removeValue(forKey: step)
    }

    /// Ends all reviews because the run stops.
    ///
    /// - Returns: The step about which the question has to be withdrawn, and how the steps end, in
    ///   the order in which they failed.
    mutating func withdraw() -> (asked: Int?, steps: [(step: Int, outcome: StepEnd)]) {
        let steps = queue.compactMap { step in outcomes[step].map { (step: step, outcome: $0) } }
        defer { self = Reviews() }
        return (asked, steps)
    }
}
