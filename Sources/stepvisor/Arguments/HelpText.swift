import DependencyGraph
import Reporting
import Supervisor

/// The text of `--help` and `help`, made from the table with which the parser works.
enum HelpText {
    /// Runs `help [COMMAND]`.
    static func run(_ arguments: ParsedArguments, _ console: Console) throws -> Int32 {
        guard let topic = arguments.operands.first else {
            try console.out(text(of: nil))
            return 0
        }
        guard let command = CommandName(rawValue: topic) else {
            throw ArgumentError.unknownTopic(
                topic,
                suggestion: NearMiss.best(
                    for: topic, among: CommandDeclaration.working.map(\.name.rawValue)))
        }
        guard CommandDeclaration.of(command).isSupported else {
            throw ArgumentError.notYetSupported(topic)
        }
        try console.out(text(of: command))
        return 0
    }

    /// The overview, or the help of a command: one screen.
    static func text(of command: CommandName?) -> String {
        command.map { help(of: .of($0)) } ?? overview
    }

    private static var overview: String {
        let commands = CommandDeclaration.working
        let examples = [
            ("stepvisor", "run everything, one step at a time"),
            ("stepvisor --parallel", "run independent steps at the same time"),
            ("stepvisor plan", "see what would run, and in which order"),
            ("stepvisor init", "write a small workflow to start from"),
        ]
        return """
            stepvisor runs the steps of a workflow: in order, or in parallel as far as their
            dependencies allow.

            Usage: stepvisor [COMMAND] [OPTION…]   (without a command: run)

            Commands:
            \(table(commands.map { ($0.name.rawValue, $0.summary) }))

            Options that every command takes:
            \(table((OptionDeclaration.common + [.version]).map { ($0.heading, $0.help) }))

            Examples:
            \(table(examples))

            The workflow is `workflow.toml` or the directory `steps/`, here or in the nearest parent.
            `stepvisor help COMMAND` shows a command's own options.
            Known and not yet supported by this version: \(later).

            """
    }

    private static var later: String {
        CommandDeclaration.all.filter { !$0.isSupported }.map(\.name.rawValue)
            .joined(separator: ", ")
    }

    private static func help(of command: CommandDeclaration) -> String {
        var text = "\(command.summary)\n\nUsage: \(command.usage)\n"
        if !command.details.isEmpty {
            text += "\n" + command.details.joined(separator: "\n") + "\n"
        }
        let own = command.options.filter(\.isSupported)
        if !own.isEmpty { text += "\nOptions:\n\(table(own.map { ($0.heading, $0.help) }))\n" }
        let ownShort = Set(own.compactMap(\.short))
        let common = OptionDeclaration.common.map { option in
            // `logs` has a `-f` of its own, so there the common option has its long form only.
            let isTaken = option.short.map(ownShort.contains) ?? false
            return (isTaken ? option.headingWithoutShort : option.heading, option.help)
        }
        text += "\nOptions that every command takes:\n\(table(common))\n"
        let later = command.options.filter { !$0.isSupported }.map(\.long)
        if !later.isEmpty {
            text += "\nKnown and not yet supported by this version:\n"
            text += wrapped(later.joined(separator: ", ") + ".") + "\n"
        }
        if !command.examples.isEmpty {
            text += "\nExamples:\n\(table(command.examples.map { ($0.line, $0.meaning) }))\n"
        }
        return text
    }

    /// Two columns; the second is wrapped.
    private static func table(_ rows: [(String, String)]) -> String {
        let width = min(28, rows.map { TextWidth.columns(of: $0.0) }.max() ?? 0)
        let indent = String(repeating: " ", count: width + 4)
        return rows.map { heading, text in
            let isLong = TextWidth.columns(of: heading) > width
            let start =
                isLong ? "  \(heading)\n\(indent)" : "  \(TextWidth.pad(heading, to: width))  "
            return start + lines(of: text, columns: 92 - width).joined(separator: "\n\(indent)")
        }.joined(separator: "\n")
    }

    private static func wrapped(_ text: String) -> String {
        lines(of: text, columns: 96).map { "  \($0)" }.joined(separator: "\n")
    }

    private static func lines(of text: String, columns: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let line = lines[lines.count - 1]
            if line.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if TextWidth.columns(of: line) + 1 + TextWidth.columns(of: word) <= columns {
                lines[lines.count - 1] = "\(line) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension OptionDeclaration {
    fileprivate var headingWithoutShort: String {
        if case .required(let name, _) = value { return "    \(long) \(name)" }
        return "    \(long)"
    }
}
