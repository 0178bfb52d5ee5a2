import WorkflowModel

/// Values that only steps have.
extension ValueReader {
    /// An id as a string, or an integer that is local to the task.
    mutating func stepID(
        _ value: DocumentValue, of entry: DocumentTable.Entry, in draft: StepDraft
    ) -> StepID? {
        switch value.content {
        case .string(let text): return StepID(text)
        case .integer(let number): return draft.localID(number)
        case .float(let number):
            report(
                .error(
                    "`\(entry.key)` must be a list of ids, found a number with a fraction in it",
                    at: value.range, help: "put it in quotes: \"\(number)\""))
        default:
            report(
                .error(
                    "`\(entry.key)` must be a list of ids, found "
                        + "\(Wording.kind(of: value)) in it", at: value.range))
        }
        return nil
    }

    /// `["api"]`, or `{ api = 2 }`.
    mutating func resourceUses(_ entry: DocumentTable.Entry) -> [ResourceUse]? {
        if case .table(let table) = entry.value.content {
            return table.entries.compactMap { use in
                integer(use, atLeast: 1).map {
                    ResourceUse(use.key, units: $0, at: use.keyRange)
                }
            }
        }
        guard case .array(let values) = entry.value.content else {
            mismatch(entry.key, "a list of names or a table of units", entry.value)
            return nil
        }
        var uses: [ResourceUse] = []
        for value in values {
            guard let name = element(of: entry, value) else { continue }
            if let first = uses.first(where: { $0.name == name }) {
                report(
                    .error(
                        "resource `\(name)` is named twice", at: value.range,
                        help: "for two units write `\(entry.key) = { \(name) = 2 }`",
                        related: first.range.map { [.init("first named here", at: $0)] } ?? []))
                continue
            }
            uses.append(ResourceUse(name, at: value.range))
        }
        return uses
    }

    /// Exit codes, signal names and `"timeout"`.
    mutating func retryTriggers(_ entry: DocumentTable.Entry) -> [RetryTrigger]? {
        guard let values = list(entry, of: "exit codes, signal names and \"timeout\"") else {
            return nil
        }
        return values.compactMap { value in
            switch value.content {
            case .integer(let code):
                if let trigger = exitCode(code).map(RetryTrigger.exitCode) { return trigger }
            case .string("timeout"):
                return .timeout
            case .string(let text):
                if let signal = SignalName.number(of: text) { return .signal(signal) }
            default:
                break
            }
            report(
                .error(
                    "`\(entry.key)` holds neither an exit code from 1 to 255, nor a signal's "
                        + "name, nor \"timeout\"", at: value.range,
                    help: "write for example `\(entry.key) = [75, \"SIGSEGV\", \"timeout\"]`"))
            return nil
        }
    }

    /// An exit code other than that of success.
    func exitCode(_ number: Int64) -> Int32? {
        (1...255).contains(number) ? Int32(number) : nil
    }

    /// Backups; each is a string, a list or a table.
    mutating func backups(_ entry: DocumentTable.Entry) -> [BackupMethod]? {
        guard let values = list(entry, of: "commands or tables") else { return nil }
        return values.enumerated().compactMap { position, value in
            if case .table(let table) = value.content {
                return backup(table, number: position + 1, at: value.range)
            }
            let one = DocumentTable.Entry(key: entry.key, keyRange: value.range, value: value)
            return command(one).map { BackupMethod(command: $0, at: value.range) }
        }
    }

    private mutating func backup(
        _ table: DocumentTable, number: Int, at range: SourceRange
    ) -> BackupMethod {
        var draft = BackupDraft()
        WorkflowTables.backup.decode(table, into: &draft, with: &self)
        if let trigger = draft.trigger { check(trigger, ofBackup: number) }
        if let tool = draft.tool, draft.method.command != nil {
            report(
                .error(
                    "a backup has either `command` or `tool_path`", at: tool.keyRange,
                    help: "keep one of them"))
        } else if draft.tool == nil, let arguments = draft.toolArguments {
            report(
                .error(
                    "`tool_args` needs `tool_path`", at: arguments.keyRange,
                    help: "name the program in `tool_path`"))
        } else if let tool = draft.tool, let path = string(tool), !refusingNUL(path, in: tool) {
            guard !path.isEmpty else {
                report(
                    .error(
                        "`tool_path` must not be empty", at: tool.value.range,
                        help: "name the program, or leave the key out"))
                return draft.method
            }
            draft.method.command = toolCommand(path, draft.toolArguments)
        }
        draft.method.range = range
        return draft.method
    }

    /// The command of a tool; arguments in one string make it a shell line, as for `command`.
    private mutating func toolCommand(
        _ path: String, _ arguments: DocumentTable.Entry?
    ) -> Command {
        guard let arguments else { return .arguments([path]) }
        if case .string(let text) = arguments.value.content {
            guard !refusingNUL(text, in: arguments) else { return .arguments([path]) }
            return .shell(ItemText.quotedForShell(path) + " " + text)
        }
        return .arguments([path] + (strings(arguments) ?? []))
    }

    /// Checks the trigger of a backup: a backup runs when the previous method failed, and only that
    /// may be written.
    private mutating func check(_ trigger: DocumentTable.Entry, ofBackup number: Int) {
        guard let text = string(trigger) else { return }
        let expected = number == 1 ? "primary_failure" : "backup_\(number - 1)_failure"
        guard text != expected else { return }
        let message =
            "backup \(number) is tried when "
            + (number == 1 ? "the primary method" : "backup \(number - 1)")
            + " has failed, not on `\(text)`"
        let isTrigger = text == "primary_failure" || Self.numberedTrigger(text)
        guard isTrigger else {
            report(
                .error(
                    message, at: trigger.value.range,
                    help: Suggestion.help(for: text, among: [expected])
                        ?? "write `\(expected)`; which failures are tried again first says "
                        + "`retry_on`"))
            return
        }
        report(
            .warning(
                message, at: trigger.value.range,
                help: "write `\(expected)`, or put the backups in the order in which they are "
                    + "to be tried"))
    }

    private static func numberedTrigger(_ text: String) -> Bool {
        guard text.hasPrefix("backup_"), text.hasSuffix("_failure") else { return false }
        let number = text.dropFirst(7).dropLast(8)
        return (1...4).contains(number.utf8.count) && number.utf8.allSatisfy { 48...57 ~= $0 }
    }
}

/// A backup while its table is read.
struct BackupDraft {
    var method = BackupMethod(command: nil)
    var tool: DocumentTable.Entry?
    var toolArguments: DocumentTable.Entry?
    var trigger: DocumentTable.Entry?
}

extension WorkflowTables {
    static let backup = KeyTable<BackupDraft>(
        .backup,
        [
            KeyRule("command", "a string or a list of strings") { draft, entry, reader in
                draft.method.command = reader.command(entry)
            }.habits("cmd", "run", "script", "exec", "execute"),
            .string("description") { $0.method.description = $1 }
                .habits(
                    "name", "title", "desc", "summary"),
            KeyRule("trigger_condition", "\"primary_failure\" or \"backup_1_failure\"") {
                draft, entry, reader in
                draft.method.triggerCondition = reader.string(entry)
                if draft.method.triggerCondition != nil { draft.trigger = entry }
            },
            KeyRule("tool_path", "a path") { draft, entry, _ in draft.tool = entry },
            KeyRule("tool_args", "a string or a list of strings") { draft, entry, _ in
                draft.toolArguments = entry
            },
            .ignored("id"),
            .ignored("execution_method"),
        ])
}
