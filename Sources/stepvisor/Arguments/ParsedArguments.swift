import Execution
import WorkflowModel

/// The requested number of steps at once.
enum Jobs: Hashable, Sendable {
    case count(Int)
    case percent(Int)
    case automatic
}

/// The value of an option.
enum OptionValue: Hashable, Sendable {
    case present
    case text(String)
    case jobs(Jobs)
    case duration(Milliseconds)
    case steps([StepID])
    case number(UInt64)
    case decision(StepDecision)
    case pair(String, String)
}

/// A parsed command line.
struct ParsedArguments: Sendable {
    var command = CommandName.run
    /// Whether the command was left out, so that the first word may be a misspelt command.
    var isCommandImplied = true
    var operands: [String] = []
    /// The words after `--`, for a command that takes them.
    var commandWords: [String] = []
    private var values: [OptionKey: [OptionValue]] = [:]

    mutating func add(_ value: OptionValue, for key: OptionKey) {
        values[key, default: []].append(value)
    }

    /// All options that were given.
    var keys: Set<OptionKey> { Set(values.keys) }

    /// Whether an option was given.
    func has(_ key: OptionKey) -> Bool { values[key] != nil }

    /// The text of an option; the last one counts.
    func text(_ key: OptionKey) -> String? {
        if case .text(let text)? = values[key]?.last { text } else { nil }
    }

    /// The length of time of an option; the last one counts.
    func duration(_ key: OptionKey) -> Milliseconds? {
        if case .duration(let length)? = values[key]?.last { length } else { nil }
    }

    /// `-j`; the last one counts.
    var jobs: Jobs? {
        if case .jobs(let jobs)? = values[.jobs]?.last { jobs } else { nil }
    }

    /// The number of an option; the last one counts.
    func number(_ key: OptionKey) -> UInt64? {
        if case .number(let number)? = values[key]?.last { number } else { nil }
    }

    /// The two values of an option; the last one counts.
    func pair(_ key: OptionKey) -> (String, String)? {
        if case .pair(let first, let second)? = values[key]?.last { (first, second) } else { nil }
    }

    /// All decisions about steps.
    var decisions: [StepDecision] {
        (values[.decide] ?? []).compactMap { value in
            if case .decision(let decision) = value { decision } else { nil }
        }
    }

    /// All steps that an option names.
    func steps(_ key: OptionKey) -> [StepID] {
        (values[key] ?? []).flatMap { value -> [StepID] in
            guard case .steps(let steps) = value else { return [] }
            return steps
        }
    }
}
