import WorkflowModel

/// One key of a table, and what its value sets.
struct KeyRule<Target>: Sendable {
    let name: String
    let aliases: [String]
    /// Names that other tools use for the key.
    ///
    /// They are not accepted as spellings; a message suggests the right one.
    private(set) var habits: [String] = []
    let expects: String
    let isIgnored: Bool
    let apply: @Sendable (inout Target, DocumentTable.Entry, inout ValueReader) -> Void

    init(
        _ name: String, or aliases: [String] = [], _ expects: String, isIgnored: Bool = false,
        _ apply:
            @escaping @Sendable (inout Target, DocumentTable.Entry, inout ValueReader) -> Void
    ) {
        self.name = name
        self.aliases = aliases
        self.expects = expects
        self.isIgnored = isIgnored
        self.apply = apply
    }

    /// The rule with the names that other tools use for the key.
    func habits(_ words: String...) -> KeyRule {
        var rule = self
        rule.habits += words
        return rule
    }
}

/// All keys that one kind of table may hold: the only place where a key is declared.
struct KeyTable<Target>: Sendable {
    let table: WorkflowKey.Table
    private let rules: [KeyRule<Target>]
    private let ruleOfSpelling: [String: Int]

    /// At most 64 rules, because one word records which keys were seen.
    init(_ table: WorkflowKey.Table, _ rules: [KeyRule<Target>]) {
        self.table = table
        self.rules = rules
        var ruleOfSpelling: [String: Int] = [:]
        for (index, rule) in rules.enumerated() {
            for spelling in [rule.name] + rule.aliases { ruleOfSpelling[spelling] = index }
        }
        self.ruleOfSpelling = ruleOfSpelling
    }

    /// The declarations, without their effects.
    var keys: [WorkflowKey] {
        rules.map {
            WorkflowKey(
                table: table, name: $0.name, aliases: $0.aliases, expects: $0.expects,
                isIgnored: $0.isIgnored, habits: $0.habits)
        }
    }

    /// Whether a spelling is known and has an effect.
    func honours(_ spelling: String) -> Bool {
        ruleOfSpelling[spelling].map { !rules[$0].isIgnored } ?? false
    }

    /// Applies every entry in the order written; reports unknown keys.
    func decode(
        _ source: DocumentTable, into target: inout Target, with reader: inout ValueReader
    ) {
        var seen: UInt64 = 0
        for entry in source.entries {
            guard let index = ruleOfSpelling[entry.key] else {
                reader.reportUnknown(entry, in: source, of: table) { keys }
                continue
            }
            let bit: UInt64 = 1 << UInt64(index)
            if seen & bit != 0 {
                reader.report(repeated(entry, in: source, rule: rules[index]))
                continue
            }
            seen |= bit
            rules[index].apply(&target, entry, &reader)
        }
    }

    private func repeated(
        _ entry: DocumentTable.Entry, in source: DocumentTable, rule: KeyRule<Target>
    ) -> Diagnostic {
        let spellings = [rule.name] + rule.aliases
        let first = source.entries.first { spellings.contains($0.key) }
        return .error(
            "`\(entry.key)` and `\(first?.key ?? rule.name)` are two spellings of one key",
            at: entry.keyRange, help: "keep one of them",
            related: first.map { [.init("the other one is here", at: $0.keyRange)] } ?? [])
    }
}

/// Small helpers for sentences.
enum Wording {
    /// "a, b or c".
    static func list(_ words: [String], _ conjunction: String) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
    }

    /// What was found where something else was expected.
    static func kind(of value: DocumentValue) -> String {
        switch value.content {
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a number with a fraction"
        case .boolean: "true or false"
        case .dateTime: "a date or time"
        case .array: "a list"
        case .table: "a table"
        case .null: "null"
        }
    }
}
