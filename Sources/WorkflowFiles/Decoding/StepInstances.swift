import WorkflowModel

/// Makes one step for each item of a `foreach`.
struct StepInstances {
    /// The largest number of steps from all `foreach` and all included files together.
    static let limit = 100_000
    /// Mistakes in items that are shown in full.
    private static let problemLimit = 20

    private typealias Change = (inout Step, String) -> Void

    private let template: Step
    private let items: [FilePattern]
    private let successPattern: DocumentTable.Entry?
    /// The edits that an item makes to a copy of the template: only texts with a placeholder
    /// change.
    private var changes: [Change] = []
    private var isNamedInShell = false
    private var problems = 0

    init(_ template: Step, items: [FilePattern], successPattern: DocumentTable.Entry?) {
        self.template = template
        self.items = items
        self.successPattern = successPattern
        addTexts()
        addCommands()
        addLists()
    }

    /// The instances in the order of the items; reports mistakes in items.
    mutating func make(reportingTo reader: inout ValueReader) -> [Step] {
        addSuccessPattern(&reader)
        var steps: [Step] = []
        steps.reserveCapacity(items.count)
        var taken: [StepID: Int] = [:]
        taken.reserveCapacity(items.count)
        for (number, item) in items.enumerated() {
            guard problems < Self.problemLimit else { break }
            let id = StepID(template.id.rawValue + "." + ItemText.inID(item.text))
            if let first = taken.updateValue(number, forKey: id) {
                reportClash(number, first, id, &reader)
                continue
            }
            guard isUsable(item, &reader) else { continue }
            var step = template
            step.id = id
            step.range = item.range
            for change in changes { change(&step, item.text) }
            step.environment.append(EnvironmentVariable("STEPVISOR_ITEM", item.text))
            steps.append(step)
        }
        return steps
    }

    // MARK: Items

    private mutating func isUsable(_ item: FilePattern, _ reader: inout ValueReader) -> Bool {
        let message: String
        var help: String?
        if item.text.isEmpty {
            message = "an item of `foreach` must not be empty"
        } else if item.text.utf8.contains(0) {
            message = "an item of `foreach` must not contain NUL"
        } else if isNamedInShell, !ItemText.isPlainInShell(item.text) {
            message =
                "the item `\(item.text)` holds characters that mean something to the shell, "
                + "and `{item}` stands in a line for the shell"
            help = "write \"$STEPVISOR_ITEM\", with its quotes, instead of `{item}` in that line"
        } else {
            return true
        }
        problems += 1
        reader.report(.error(message, at: item.range, help: help))
        return false
    }

    private mutating func reportClash(
        _ second: Int, _ first: Int, _ id: StepID, _ reader: inout ValueReader
    ) {
        problems += 1
        let (a, b) = (items[first], items[second])
        reader.report(
            .error(
                a.text == b.text
                    ? "the item `\(a.text)` is named twice"
                    : "the items `\(a.text)` and `\(b.text)` give the same id `\(id)`",
                at: b.range, help: a.text == b.text ? "keep one of them" : "rename one of them",
                related: a.range.map { [.init("the other one is here", at: $0)] } ?? []))
    }

    // MARK: Where the item is named

    private mutating func addTexts() {
        if let text = ItemTemplate(template.description) {
            changes.append { $0.description = text.filled(with: $1) }
        }
        if let text = template.expectedOutput.flatMap({ ItemTemplate($0) }) {
            changes.append { $0.expectedOutput = text.filled(with: $1) }
        }
        if let text = template.workingDirectory.flatMap({ ItemTemplate($0) }) {
            changes.append { $0.workingDirectory = text.filled(with: $1) }
        }
        if let text = template.gating.condition.flatMap({ ItemTemplate($0) }) {
            changes.append { $0.gating.condition = text.filled(with: ItemText.inCondition($1)) }
        }
        for (number, variable) in template.environment.enumerated() {
            guard let text = ItemTemplate(variable.value) else { continue }
            changes.append { $0.environment[number].value = text.filled(with: $1) }
        }
    }

    private mutating func addCommands() {
        if let command = template.command, note(command) {
            changes.append { $0.command = Self.filled(command, with: $1) }
        }
        if let text = template.gating.verify.flatMap({ ItemTemplate($0) }) {
            isNamedInShell = true
            changes.append { $0.gating.verify = text.filled(with: $1) }
        }
        for (number, backup) in template.recovery.backups.enumerated() {
            if let command = backup.command, note(command) {
                changes.append {
                    $0.recovery.backups[number].command = Self.filled(command, with: $1)
                }
            }
            if let text = backup.description.flatMap({ ItemTemplate($0) }) {
                changes.append {
                    $0.recovery.backups[number].description = text.filled(with: $1)
                }
            }
        }
    }

    /// Whether a command has a placeholder; one in a shell line restricts which characters an item
    /// may have.
    private mutating func note(_ command: Command) -> Bool {
        switch command {
        case .arguments(let words): return words.contains { ItemTemplate($0) != nil }
        case .script: return false
        case .shell(let line):
            guard ItemTemplate(line) != nil else { return false }
            isNamedInShell = true
            return true
        }
    }

    private static func filled(_ command: Command, with item: String) -> Command {
        switch command {
        case .arguments(let words): .arguments(words.map { ItemTemplate.fill($0, with: item) })
        case .shell(let line): .shell(ItemTemplate.fill(line, with: item))
        case .script: command
        }
    }

    private mutating func addLists() {
        addPatterns(\.inputs)
        addPatterns(\.outputFiles)
        addPatterns(\.modifies)
        for (number, use) in template.resources.enumerated() {
            guard let text = ItemTemplate(use.name) else { continue }
            changes.append { $0.resources[number].name = text.filled(with: $1) }
        }
        for (number, dependency) in template.dependencies.enumerated() {
            guard let text = ItemTemplate(dependency.id.rawValue) else { continue }
            changes.append {
                $0.dependencies[number].id = StepID(text.filled(with: ItemText.inID($1)))
            }
        }
    }

    private mutating func addPatterns(_ path: WritableKeyPath<Step, [FilePattern]>) {
        for (number, pattern) in template[keyPath: path].enumerated() {
            guard let text = ItemTemplate(pattern.text) else { continue }
            changes.append { $0[keyPath: path][number].text = text.filled(with: $1) }
        }
    }

    /// Adds the pattern, with items as literal text, so checking it with one item is enough.
    private mutating func addSuccessPattern(_ reader: inout ValueReader) {
        guard var entry = successPattern, case .string(let written) = entry.value.content else {
            return
        }
        let text = ItemTemplate(written)
        entry.value.content = .string(text?.filled(with: "item") ?? written)
        guard let checked = reader.regularExpression(entry) else { return }
        changes.append {
            $0.gating.successPattern =
                text?.filled(with: ItemText.inExpression($1)) ?? checked
        }
    }
}
