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

    /// An exit code that means a failure.
    func exitCode(_ number: Int64) -> Int32? {
        (1...255).contains(number) ? Int32(number) : nil
    }

    /// Each a string, a list or a table.
    mutating func backups(_ entry: DocumentTable.Entry) -> [BackupMethod]? {
        guard let values = list(entry, of: "commands or tables") else { return nil }
        return values.compactMap { value in
            if case .table(let table) = value.content { return backup(table, at: value.range) }
            let one = DocumentTable.Entry(key: entry.key, keyRange: value.range, value: value)
            return command(one).map { BackupMethod(command: $0, at: value.range) }
        }
    }

    private mutating func backup(_ table: DocumentTable, at range: SourceRange) -> BackupMethod {
        var draft = BackupDraft()
        WorkflowTables.backup.decode(table, into: &draft, with: &self)
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
        } else if let tool = draft.tool, let path = string(tool) {
            let more = draft.toolArguments.flatMap { strings($0) } ?? []
            draft.method.command = .arguments([path] + more)
        }
        draft.method.range = range
        return draft.method
    }
}

/// A backup while its table is read.
struct BackupDraft {
    var method = BackupMethod(command: nil)
    var tool: DocumentTable.Entry?
    var toolArguments: DocumentTable.Entry?
}

extension WorkflowTables {
    static let backup = KeyTable<BackupDraft>(
        .backup,
        [
            KeyRule("command", "a string or a list of strings") { draft, entry, reader in
                draft.method.command = reader.command(entry)
            },
            .string("description") { $0.method.description = $1 },
            .string("trigger_condition") { $0.method.triggerCondition = $1 },
            KeyRule("tool_path", "a path") { draft, entry, _ in draft.tool = entry },
            KeyRule("tool_args", "a list of strings") { draft, entry, _ in
                draft.toolArguments = entry
            },
            .ignored("id"),
            .ignored("execution_method"),
        ])
}
