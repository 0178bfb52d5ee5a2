/// A question to a person about a failed step.
public struct ReviewQuestion: Hashable, Sendable {
    /// The step.
    public var step: Int
    /// The possible answers, in the order in which they are offered.
    public var choices: [ReviewDecision]
    /// The last typed text that was not an answer.
    public var misread: String?

    /// A question that nobody has answered yet.
    public init(step: Int, choices: [ReviewDecision]) {
        self.step = step
        self.choices = choices
    }

    /// The answer in a line, by its letter or its word; nil for any other line.
    public func decision(for line: String) -> ReviewDecision? {
        let word = line.filter { !$0.isWhitespace }.lowercased()
        return choices.first { word == $0.word || word == String($0.letter) }
    }
}

extension ReviewDecision {
    /// The letter to type for it.
    public var letter: Character { word.first ?? "?" }
}
