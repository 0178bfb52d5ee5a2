import DependencyGraph
import Execution
import Reporting

/// What is wrong with a command line; ``diagnostic`` has the message.
enum ArgumentError: Error, Hashable, Sendable {
    case unknownOption(String, command: CommandName?, suggestion: String?)
    /// An option of another command.
    case misplacedOption(String, command: CommandName, of: [CommandName])
    case missingValue(option: String, form: ValueForm)
    /// An option that takes two values.
    case missingPair(option: String)
    case unexpectedValue(option: String, value: String)
    case invalidValue(option: String, value: String, form: ValueForm)
    case notYetSupported(String)
    case unexpectedOperand(String, command: CommandName, suggestion: String?)
    case missingOperand(String, command: CommandName)
    case missingCommand(CommandName)
    case unknownTopic(String, suggestion: String?)
    case conflict(String, String)
    /// An option that has a meaning only together with another.
    case without(String, needed: String)
    case emptyOperand(CommandName)
}

extension ArgumentError {
    /// What is wrong, and what to type instead.
    var diagnostic: (message: String, help: String?) {
        switch self {
        case .unknownOption(let option, let command, let suggestion):
            let of = command.map { " of `\($0.rawValue)`" } ?? ""
            return (
                "unknown option `\(option)`\(of)",
                Self.didYouMean(suggestion) ?? Self.seeHelp(command)
            )
        case .misplacedOption(let option, let command, let owners):
            let names = Wording.list(owners.map { "`\($0.rawValue)`" }, "and")
            return (
                "`\(command.rawValue)` has no option `\(option)`: it belongs to \(names)",
                Self.seeHelp(command)
            )
        case .missingValue(let option, let form):
            return ("`\(option)` needs a value", form.expectation)
        case .missingPair(let option):
            return (
                "`\(option)` needs two values",
                "write both after it; `ls .stepvisor/runs` lists the runs"
            )
        case .unexpectedValue(let option, let value):
            return ("`\(option)` takes no value", "leave out `=\(value)`")
        case .invalidValue(let option, let value, let form):
            return (
                "`\(value)` is no value of `\(option)`",
                Self.didYouMean(form.suggestion(for: value)) ?? form.expectation
            )
        case .notYetSupported(let what):
            return ("`\(what)` is not yet supported by this version", nil)
        case .unexpectedOperand(let operand, let command, let suggestion):
            return (
                "`\(command.rawValue)` does not take `\(operand)`",
                Self.didYouMean(suggestion) ?? "usage: \(CommandDeclaration.of(command).usage)"
            )
        case .missingOperand(let operand, let command):
            return (
                "`\(command.rawValue)` needs \(operand)",
                "usage: \(CommandDeclaration.of(command).usage)"
            )
        case .missingCommand(let command):
            return (
                "`\(command.rawValue)` needs a command after `--`",
                "usage: \(CommandDeclaration.of(command).usage)"
            )
        case .unknownTopic(let topic, let suggestion):
            return (
                "no command `\(topic)`",
                Self.didYouMean(suggestion) ?? "`stepvisor help` lists the commands"
            )
        case .conflict(let first, let second):
            return ("`\(first)` and `\(second)` contradict each other", "leave one of them out")
        case .without(let option, let needed):
            return ("`\(option)` goes with `\(needed)`", "add `\(needed)`, or leave it out")
        case .emptyOperand(let command):
            return (
                "`\(command.rawValue)` was given an empty word",
                "look for a variable that is not set"
            )
        }
    }

    private static func didYouMean(_ suggestion: String?) -> String? {
        suggestion.map { "did you mean `\($0)`?" }
    }

    private static func seeHelp(_ command: CommandName?) -> String {
        "`stepvisor help\(command.map { " \($0.rawValue)" } ?? "")` lists the options"
    }
}

extension ValueForm {
    /// The required form of a value, for the message about another one.
    var expectation: String {
        switch self {
        case .text: "write it after the option, as the next word or after `=`"
        case .choice(let words, _): "it is \(Wording.list(words.map { "`\($0)`" }, "or"))"
        case .jobs: "it is a number from 1, a percentage of the processors such as `50%`, or `auto`"
        case .duration: "it is a time such as `90s`, `5m`, `1h30m`, or a number of seconds"
        case .limit:
            "it is a time longer than 0 such as `90s`, `5m`, `1h30m`, or a number of seconds; "
                + "for no limit leave it out"
        case .steps: "it is the name of a step, or several separated by commas"
        case .seed: "it is a number from 0 to \(ValueForm.maxSeed), written after `=`"
        case .number: "it is a number from 1"
        case .decision: "it is STEP=WORD, and the word is `retry`, `skip`, `continue` or `halt`"
        }
    }

    func suggestion(for value: String) -> String? {
        switch self {
        case .choice(let words, _):
            return NearMiss.best(for: value, among: words)
        case .decision:
            let parts = value.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return NearMiss.best(
                for: String(parts[1]), among: StepDecision.choices.map(\.word)
            ).map { "\(parts[0])=\($0)" }
        case .text, .jobs, .duration, .limit, .steps, .seed, .number:
            return nil
        }
    }

    /// The largest number that every JSON reader holds exactly.
    static let maxSeed: UInt64 = (1 << 53) - 1
}
