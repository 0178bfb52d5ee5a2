import Execution
import WorkflowModel

/// Checks for options that contradict each other or need another option.
enum ArgumentConflicts {
    /// Throws for the first contradiction in a command line.
    static func check(_ arguments: ParsedArguments) throws(ArgumentError) {
        for (first, second) in exclusive where has(arguments, first) && has(arguments, second) {
            throw .conflict(first.name, second.name)
        }
        if arguments.has(.replay), let step = arguments.operands.first {
            throw .conflict("--replay", step)
        }
        if arguments.has(.decide), !arguments.has(.resume) {
            throw .without("--decide", needed: "--resume")
        }
        try checkDecisions(arguments.decisions)
    }

    private typealias Named = (key: OptionKey, name: String)

    private static func has(_ arguments: ParsedArguments, _ option: Named) -> Bool {
        arguments.has(option.key)
    }

    private static var exclusive: [(Named, Named)] {
        let replay: Named = (.replay, "--replay")
        let others: [Named] = [
            (.parallel, "--parallel"), (.jobs, "--jobs"), (.resume, "--resume"),
            (.failed, "--failed"), (.shuffle, "--shuffle"), (.only, "--only"), (.from, "--from"),
            (.until, "--until"), (.skip, "--skip"),
        ]
        return [
            ((.quiet, "--quiet"), (.verbose, "--verbose")),
            ((.decide, "--decide"), (.failed, "--failed")),
            ((.follow, "--follow"), (.attempt, "--attempt")),
            ((.between, "--between"), (.since, "--since")),
            ((.between, "--between"), (.cache, "--cache")),
        ] + others.map { (replay, $0) }
    }

    private static func checkDecisions(_ decisions: [StepDecision]) throws(ArgumentError) {
        var known: [StepID: ReviewDecision] = [:]
        for decision in decisions {
            let other = known.updateValue(decision.decision, forKey: decision.step)
            guard let other, other != decision.decision else { continue }
            throw .conflict(
                "--decide \(decision.step)=\(other.word)",
                "--decide \(decision.step)=\(decision.decision.word)")
        }
    }
}

extension StepDecision {
    /// The decisions that a command line can name; a backup can only be chosen at a prompt.
    static let choices: [ReviewDecision] = [.retry, .skip, .proceed, .halt]

    /// Reads `STEP=WORD`; nil for any other text.
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty,
            let decision = Self.choices.first(where: { $0.word == parts[1] })
        else { return nil }
        self.init(StepID(String(parts[0])), decision)
    }
}
