/// Every command, by its name.
enum CommandName: String, Hashable, Sendable, CaseIterable {
    case run, plan, check, changes, graph, status, logs, timeline, why, mark, forget, clean, lock,
        `init`,
        help
    // For a later version.
    case report, history, insights, completions
}

/// How many operands a command takes.
enum Operands: Hashable, Sendable {
    case none
    /// At most one; its name as help shows it.
    case atMostOne(String)
    /// Exactly one.
    case one(String)
    /// One or more.
    case atLeastOne(String)
    /// Any number.
    case many(String)
    /// One, and after `--` a command with its arguments.
    case oneThenCommand(String)
}

/// One command as declared; parsing and help use it.
struct CommandDeclaration: Sendable {
    let name: CommandName
    /// What it does, in a line.
    let summary: String
    let operands: Operands
    let options: [OptionDeclaration]
    /// Further text of the command's own help: one paragraph a line.
    let details: [String]
    /// Example command lines, each with its meaning.
    let examples: [(line: String, meaning: String)]

    /// False: the command is recognised, and rejected with one line.
    var isSupported: Bool { !summary.isEmpty }

    init(
        _ name: CommandName, _ summary: String, operands: Operands = .none,
        options: [OptionDeclaration] = [], details: [String] = [],
        examples: [(line: String, meaning: String)] = []
    ) {
        self.name = name
        self.summary = summary
        self.operands = operands
        self.options = options
        self.details = details
        self.examples = examples
    }

    /// A command for a later version.
    init(later name: CommandName) { self.init(name, "") }

    /// The declaration of a command.
    static func of(_ name: CommandName) -> CommandDeclaration {
        all.first { $0.name == name } ?? CommandDeclaration(later: name)
    }

    /// All commands, in the order in which help shows them.
    static let all: [CommandDeclaration] =
        working
        + [.report, .history, .insights, .completions].map {
            CommandDeclaration(later: $0)
        }

    /// `run` with its options, as help shows it.
    var usage: String {
        let options = self.options.isEmpty ? "" : " [OPTION…]"
        switch operands {
        case .none: return "stepvisor \(name.rawValue)\(options)"
        case .atMostOne(let operand): return "stepvisor \(name.rawValue)\(options) [\(operand)]"
        case .one(let operand): return "stepvisor \(name.rawValue)\(options) \(operand)"
        case .atLeastOne(let operand):
            return "stepvisor \(name.rawValue)\(options) \(operand)…"
        case .many(let operand): return "stepvisor [\(name.rawValue)]\(options) [\(operand)…]"
        case .oneThenCommand(let operand):
            return "stepvisor \(name.rawValue)\(options) \(operand) -- COMMAND [ARGUMENT…]"
        }
    }
}
