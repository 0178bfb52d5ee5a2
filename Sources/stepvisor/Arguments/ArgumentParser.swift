import DependencyGraph
import Execution
import WorkflowFiles
import WorkflowModel

/// Parses a command line with the declared table; stops at the first mistake.
struct ArgumentParser {
    private var words: ArraySlice<String>
    private var result = ParsedArguments()
    private var isCommandKnown = false
    /// Options before the command, which are checked again once the command is known.
    private var early: [(option: OptionDeclaration, spelling: String)] = []

    /// Parses the words after the program's name.
    static func parse(_ words: [String]) throws(ArgumentError) -> ParsedArguments {
        var parser = ArgumentParser(words: words[...])
        try parser.run()
        return parser.result
    }

    private init(words: ArraySlice<String>) { self.words = words }

    private mutating func run() throws(ArgumentError) {
        while let word = words.popFirst() {
            if word == "--" {
                try takeRest()
            } else if word.hasPrefix("--") {
                try takeLong(word)
            } else if word.hasPrefix("-"), word.count > 1 {
                try takeShort(word)
            } else {
                try takeOperand(word)
            }
        }
        if result.has(.version), result.has(.json) { throw .conflict("--version", "--json") }
        // Help and version are shown whatever else is wrong or missing.
        guard !result.has(.help), !result.has(.version) else { return }
        for (option, spelling) in early where !isOption(option, of: result.command) {
            throw misplaced(spelling)
        }
        try checkOperands()
        try ArgumentConflicts.check(result)
    }

    // MARK: Operands

    private mutating func takeOperand(_ word: String) throws(ArgumentError) {
        guard isCommandKnown else {
            isCommandKnown = true
            if let command = CommandName(rawValue: word) {
                guard CommandDeclaration.of(command).isSupported else {
                    throw .notYetSupported(word)
                }
                result.command = command
                result.isCommandImplied = false
                return
            }
            result.operands.append(word)
            return
        }
        result.operands.append(word)
    }

    private mutating func takeRest() throws(ArgumentError) {
        if case .oneThenCommand = CommandDeclaration.of(result.command).operands {
            result.commandWords = Array(words)
        } else {
            result.operands += words
            isCommandKnown = true
        }
        words = []
    }

    private func checkOperands() throws(ArgumentError) {
        let command = result.command
        if result.operands.contains("") { throw .emptyOperand(command) }
        switch CommandDeclaration.of(command).operands {
        case .none:
            if let extra = result.operands.first {
                throw .unexpectedOperand(extra, command: command, suggestion: nil)
            }
        case .atMostOne:
            if result.operands.count > 1 {
                throw .unexpectedOperand(
                    result.operands[1], command: command, suggestion: nil)
            }
        case .many: break
        case .atLeastOne(let name):
            guard !result.operands.isEmpty else { throw .missingOperand(name, command: command) }
        case .one(let name):
            guard !result.operands.isEmpty else { throw .missingOperand(name, command: command) }
            if result.operands.count > 1 {
                throw .unexpectedOperand(
                    result.operands[1], command: command, suggestion: nil)
            }
        case .oneThenCommand(let name):
            guard result.operands.count >= 1 else { throw .missingOperand(name, command: command) }
            if result.operands.count > 1 {
                throw .unexpectedOperand(
                    result.operands[1], command: command, suggestion: "-- \(result.operands[1])")
            }
            if result.commandWords.isEmpty { throw .missingCommand(command) }
        }
    }

    // MARK: Options

    private mutating func takeLong(_ word: String) throws(ArgumentError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let value = parts.count > 1 ? String(parts[1]) : nil
        let option = try declaration(name) { $0.long == name }
        try take(option, spelling: name, value: value)
    }

    private mutating func takeShort(_ word: String) throws(ArgumentError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            let spelling = "-\(letter)"
            let option = try declaration(spelling) { $0.short == letter }
            if case .none = option.value {
                // `-k=yes`: the rest is not a row of letters.
                if letters.first == "=" {
                    throw .unexpectedValue(option: spelling, value: String(letters.dropFirst()))
                }
                try take(option, spelling: spelling, value: nil)
                continue
            }
            // `-j4`, `-j=4` and `-j 4`.
            if letters.first == "=" { letters = letters.dropFirst() }
            try take(option, spelling: spelling, value: letters.isEmpty ? nil : String(letters))
            return
        }
    }

    private mutating func take(
        _ option: OptionDeclaration, spelling: String, value: String?
    ) throws(ArgumentError) {
        guard option.isSupported else { throw .notYetSupported(option.long) }
        if !isCommandKnown { early.append((option, spelling)) }
        switch option.value {
        case .none:
            if let value { throw .unexpectedValue(option: spelling, value: value) }
            result.add(.present, for: option.key)
        case .required(_, let form):
            guard let text = value ?? nextValue(), !text.isEmpty else {
                throw .missingValue(option: spelling, form: form)
            }
            result.add(try form.read(text, of: spelling), for: option.key)
        case .optional(_, let form):
            if value?.isEmpty == true { throw .missingValue(option: spelling, form: form) }
            guard let text = value ?? nextValue() else {
                result.add(.present, for: option.key)
                return
            }
            result.add(try form.read(text, of: spelling), for: option.key)
        case .pair:
            guard let first = value ?? nextValue(), !first.isEmpty, let second = nextValue(),
                !second.isEmpty
            else { throw .missingPair(option: spelling) }
            result.add(.pair(first, second), for: option.key)
        case .attached(_, let form):
            if value?.isEmpty == true { throw .missingValue(option: spelling, form: form) }
            let given = try value.map { text throws(ArgumentError) in
                try form.read(text, of: spelling)
            }
            result.add(given ?? .present, for: option.key)
        }
    }

    /// The next word, unless it is an option; `-` alone and negative numbers are values.
    private mutating func nextValue() -> String? {
        guard let word = words.first else { return nil }
        let looksLikeOption =
            word.hasPrefix("-") && word.count > 1 && word.dropFirst().first?.isNumber != true
        guard !looksLikeOption else { return nil }
        words.removeFirst()
        return word
    }

    /// Finds an option: the command's own first, so that `logs -f` is its own `-f`.
    private func declaration(
        _ spelling: String, where matches: (OptionDeclaration) -> Bool
    ) throws(ArgumentError) -> OptionDeclaration {
        if isCommandKnown {
            let own = options(of: result.command)
            if let option = own.first(where: matches) { return option }
            throw misplaced(spelling)
        }
        // Before the command: options that every command has, then those of `run`, then those of
        // any other.
        let candidates =
            OptionDeclaration.common + [OptionDeclaration.version]
            + CommandDeclaration.all.flatMap(\.options)
        if let option = candidates.first(where: matches) { return option }
        throw unknown(spelling)
    }

    private func options(of command: CommandName) -> [OptionDeclaration] {
        let own = CommandDeclaration.of(command).options + OptionDeclaration.common
        return result.isCommandImplied ? own + [OptionDeclaration.version] : own
    }

    private func isOption(_ option: OptionDeclaration, of command: CommandName) -> Bool {
        options(of: command).contains { $0.key == option.key }
    }

    /// The error for an option that the command does not have: another command has it, or none.
    private func misplaced(_ spelling: String) -> ArgumentError {
        let owners = CommandDeclaration.all.filter { command in
            command.options.contains { $0.long == spelling || "-\($0.short ?? " ")" == spelling }
        }
        guard spelling.hasPrefix("--"), !owners.isEmpty else { return unknown(spelling) }
        return .misplacedOption(spelling, command: result.command, of: owners.map(\.name))
    }

    private func unknown(_ spelling: String) -> ArgumentError {
        let command = isCommandKnown ? result.command : nil
        let known =
            isCommandKnown
            ? options(of: result.command)
            : CommandDeclaration.of(.run).options + OptionDeclaration.common + [.version]
        return .unknownOption(
            spelling, command: result.isCommandImplied ? nil : command,
            suggestion: NearMiss.best(
                for: spelling, among: known.filter(\.isSupported).map(\.long)))
    }
}

extension ValueForm {
    /// Reads a value, or throws what it should be.
    func read(_ text: String, of option: String) throws(ArgumentError) -> OptionValue {
        if case .choice(_, let later) = self, later.contains(text) {
            throw .notYetSupported("\(option) \(text)")
        }
        let value: OptionValue? =
            switch self {
            case .text: .text(text)
            case .choice(let words, _): words.contains(text) ? .text(text) : nil
            case .jobs: Jobs(text).map(OptionValue.jobs)
            case .duration: Self.duration(text).map(OptionValue.duration)
            case .limit:
                Self.duration(text).flatMap { $0.value > 0 ? OptionValue.duration($0) : nil }
            case .steps: Self.steps(text).map(OptionValue.steps)
            case .seed: Self.number(text).map(OptionValue.number)
            case .number: Self.number(text).flatMap { $0 > 0 ? OptionValue.number($0) : nil }
            case .decision: StepDecision(text).map(OptionValue.decision)
            }
        guard let value else { throw .invalidValue(option: option, value: text, form: self) }
        return value
    }

    private static func duration(_ text: String) -> Milliseconds? {
        if let length = WorkflowFiles.Duration.parse(text) { return length }
        guard let seconds = Double(text), text.utf8.allSatisfy({ $0 < 0x3a && $0 > 0x2c }) else {
            return nil
        }
        return WorkflowFiles.Duration.seconds(seconds)
    }

    /// Digits, at most the number that JSON readers hold exactly.
    private static func number(_ text: String) -> UInt64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(text),
            number <= ValueForm.maxSeed
        else { return nil }
        return number
    }

    private static func steps(_ text: String) -> [StepID]? {
        let names = text.split(separator: ",", omittingEmptySubsequences: false)
        guard !names.contains("") else { return nil }
        return names.map { StepID(String($0)) }
    }
}

extension Jobs {
    /// Reads `4`, `50%` or `auto`; nil for other text, and for zero.
    init?(_ text: String) {
        if text == "auto" {
            self = .automatic
            return
        }
        let digits = text.hasSuffix("%") ? text.dropLast() : text[...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
            number >= 1
        else { return nil }
        self = text.hasSuffix("%") ? .percent(min(number, 100_000)) : .count(min(number, 1_000_000))
    }

    /// The number of steps at once on a machine with this many processors, at least 1.
    func count(processors: Int) -> Int {
        switch self {
        case .count(let number): number
        case .percent(let percent): max(1, processors * percent / 100)
        case .automatic: max(1, processors)
        }
    }
}
