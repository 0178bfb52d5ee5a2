/// A question to a person about a step that failed.
public struct ReviewQuestion: Hashable, Sendable {
    /// The step.
    public var step: Int
    /// What can be answered, in the order in which it is offered.
    public var choices: [ReviewDecision]
    /// What was typed last and is no answer.
    public var misread: String?

    /// A question that nobody has answered yet.
    public init(step: Int, choices: [ReviewDecision]) {
        self.step = step
        self.choices = choices
    }

    /// The answer that a line is, by its letter or its word; nil for any other line.
    public func decision(for line: String) -> ReviewDecision? {
        let word = line.filter { !$0.isWhitespace }.lowercased()
        return choices.first { word == $0.word || word == String($0.letter) }
    }
}

extension ReviewDecision {
    /// What is typed for it.
    public var letter: Character { word.first ?? "?" }
}
