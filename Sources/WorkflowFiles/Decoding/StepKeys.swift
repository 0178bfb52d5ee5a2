import WorkflowModel

/// A step while its table is read.
struct StepDraft {
    var step = Step(id: StepID(""))
    /// The task's id, which qualifies integer ids and dependencies; nil outside of tasks.
    var task: String?
    /// The step is a file, which is also its command.
    var isFile = false
    /// `foreach`: one instance for each item; nil when it is not given.
    var items: [FilePattern]?
    /// An item could not be read, so steps that others may name are missing.
    var hasLostItems = false
    /// Where it declares that it waits for all steps before it (`*`).
    var allBefore: SourceRange?
    /// Descriptions of its backups (`backup_methods`, `backup_1`, …), by their number.
    var wordedBackups: [(number: Int, method: BackupMethod)] = []
    /// Read once it is known whether the step has several instances.
    var successPattern: DocumentTable.Entry?

    mutating func modify(_ patterns: [FilePattern]) {
        step.modifies += patterns
        step.declares.insert(.writtenFiles)
    }

    /// Adds a backup that is described in words, as in the source documents.
    mutating func addBackup(_ words: String, number: Int, at range: SourceRange) {
        wordedBackups.append(
            (number, BackupMethod(command: nil, description: words, at: range)))
    }

    /// Combines what several keys declare, once all of them are known.
    mutating func settle(with reader: inout ValueReader) {
        guard let first = wordedBackups.first else { return }
        guard step.recovery.backups.isEmpty else {
            reader.report(
                .error(
                    "the backups of a step stand in `backups`, `backup_methods` or `backup_1`",
                    at: first.method.range, help: "keep one of them"))
            return
        }
        step.recovery.backups = wordedBackups.sorted { $0.number < $1.number }.map(\.method)
    }

    /// The id for an integer.
    func localID(_ number: Int64) -> StepID {
        guard let task else { return StepID(String(number)) }
        return StepID(task + "." + String(number))
    }
}

extension WorkflowTables {
    static let step = KeyTable<StepDraft>(
        .step, identity + running + files + policy + gating + prose.map { .ignored($0) })

    /// Keys with which the source documents instruct an agent about a step.
    private static let prose = [
        "method", "action", "mcp_tools_available",
    ]

    private static let identity: [KeyRule<StepDraft>] = [
        KeyRule("id", "a string or an integer") { draft, entry, reader in
            draft.step.range = entry.value.range
            switch entry.value.content {
            case .string(let text): draft.step.id = StepID(text)
            case .integer(let number): draft.step.id = draft.localID(number)
            default: reader.mismatch(entry.key, "a string or an integer", entry.value)
            }
        }.habits("name", "key", "step", "task", "job", "label", "slug"),
        .string("description") { $0.step.description = $1 }
            .habits(
                "name", "title", "desc", "summary", "comment", "label", "display_name", "about",
                "what"),
        KeyRule("dependencies", or: ["depends_on"], "a list of ids") { draft, entry, reader in
            guard let values = reader.list(entry, of: "ids") else { return }
            draft.step.declares.insert(.dependencies)
            draft.step.dependencies.reserveCapacity(values.count)
            for value in values {
                if case .string("*") = value.content {
                    draft.allBefore = value.range
                    continue
                }
                guard let id = reader.stepID(value, of: entry, in: draft) else { continue }
                draft.step.dependencies.append(Dependency(id, at: value.range))
            }
        }
        .habits(
            "needs", "deps", "dep", "depends", "dependency", "requires", "require",
            "require_steps", "needed", "after", "run_after", "upstream", "parents",
            "blocked_by", "wait_for", "waits_for", "prerequisites", "prereqs", "predecessors",
            "previous"),
        .boolean("parallel_safe", or: ["parallel_enabled"]) {
            $0.step.isParallelSafe = $1
            $0.step.declares.insert(.parallel)
        }
        .habits(
            "parallel", "concurrent", "can_parallelize", "can_run_parallel", "allow_parallel",
            "parallelizable", "can_run_with", "async"),
        .string("parallel_group") {
            $0.step.parallelGroup = $1
            $0.step.declares.insert(.parallel)
        }
        .habits(
            "group", "execution_group", "batch", "stage"),
        .boolean("critical", or: ["critical_flag"]) {
            $0.step.isCritical = $1
            $0.step.declares.insert(.critical)
        }
        .habits(
            "required", "mandatory", "fail_fast", "blocking", "important", "is_critical",
            "halt_on_failure"),
    ]

    private static let running: [KeyRule<StepDraft>] = [
        KeyRule("command", "a string or a list of strings") { draft, entry, reader in
            guard !draft.isFile else {
                reader.report(
                    .error(
                        "a step file is its own command", at: entry.keyRange,
                        help: "remove `command`, or declare the step in `workflow.toml`"))
                return
            }
            draft.step.command = reader.command(entry)
            draft.step.commandRange = entry.value.range
        }
        .habits(
            "cmd", "cmds", "commands", "run", "runs", "script", "scripts", "exec", "execute",
            "shell_command", "bash", "sh", "call", "program", "entrypoint", "tool_path", "do"),
        KeyRule("environment", "a table of strings") { draft, entry, reader in
            draft.step.environment = reader.environment(entry) ?? []
        }.habits("env", "envs", "env_vars", "environment_variables", "vars", "variables"),
        KeyRule("working_directory", "a path") { draft, entry, reader in
            draft.step.workingDirectory = reader.string(entry)
            draft.step.workingDirectoryRange = entry.value.range
        }
        .habits(
            "cwd", "dir", "workdir", "working_dir", "work_dir", "directory", "chdir", "pwd",
            "run_in", "root", "folder"),
        .limit("timeout") { $0.step.timeout = $1 }
            .habits(
                "timeout_seconds", "timeout_secs", "timeout_sec", "timeout_s", "timeout_ms",
                "timeout_minutes", "timeout_min", "time_limit", "timelimit", "max_time",
                "max_duration", "deadline", "limit", "kill_after"),
        .limit("idle_timeout") { $0.step.idleTimeout = $1 }
            .habits(
                "silence_timeout", "output_timeout", "no_output_timeout", "inactivity_timeout"),
        .delay("grace") { $0.step.grace = $1 }
            .habits(
                "grace_period", "kill_timeout", "stop_timeout", "termination_grace_period",
                "shutdown_timeout"),
        .choice("leftovers", of: LeftoverPolicy.self) { $0.step.leftovers = $1 },
        .choice("log", of: LogMode.self) { $0.step.log = $1 },
        KeyRule("resources_required", "a list of names or a table of units") {
            draft, entry, reader in
            draft.step.resources = reader.resourceUses(entry) ?? []
        }
        .habits(
            "resources", "resource", "needs_resources", "uses", "lock", "locks", "mutex",
            "mutexes", "semaphore", "semaphores"),
    ]

    private static let files: [KeyRule<StepDraft>] = [
        .patterns("inputs") {
            $0.step.inputs = $1
            $0.step.declares.insert(.inputs)
        }
        .habits(
            "sources", "source", "srcs", "src", "input", "input_files", "inputs_files",
            "input_file", "reads", "watch", "watches", "files", "deps_files", "consumes", "in"),
        .patterns("output_files") {
            $0.step.outputFiles = $1
            $0.step.declares.formUnion([.writtenFiles, .outputFiles])
        }
        .habits(
            "outputs", "output", "out", "outs", "output_file", "generates", "generate",
            "produces", "produced", "artifacts", "artifact", "targets", "target", "writes",
            "creates", "create", "products", "result", "results"),
        // One step may have both: they come from different sources and mean the same.
        .patterns("modifies") { $0.modify($1) }
            .habits(
                "modify", "changes", "edits", "updates", "touches", "mutates"),
        .patterns("conflict_zones") { $0.modify($1) },
        .string("expected_output") { $0.step.expectedOutput = $1 }
            .habits(
                "expected_result", "expected", "expectation", "done_when", "acceptance",
                "acceptance_criteria"),
    ]

    private static let policy: [KeyRule<StepDraft>] =
        [
            .integer("retries", or: ["max_retries"], atLeast: 0) { $0.step.recovery.retries = $1 }
                .habits(
                    "retry", "retry_count", "attempts", "max_attempts", "num_retries", "tries",
                    "retry_limit"),
            KeyRule("retry_on", "a list of exit codes, signal names and \"timeout\"") {
                draft, entry, reader in
                draft.step.recovery.retryOn = reader.retryTriggers(entry) ?? []
            }.habits("retry_when", "retry_if", "retry_codes", "retry_exit_codes"),
            KeyRule("backups", "a list of commands or tables") { draft, entry, reader in
                draft.step.recovery.backups = reader.backups(entry) ?? []
            }
            .habits(
                "backup", "fallback", "fallbacks", "alternatives", "alternative", "on_failure",
                "on_error", "plan_b"),
            KeyRule("backup_methods", "a list of strings") { draft, entry, reader in
                for value in reader.list(entry, of: "strings") ?? [] {
                    guard let words = reader.element(of: entry, value) else { continue }
                    draft.addBackup(words, number: draft.wordedBackups.count + 1, at: value.range)
                }
            },
            .string("primary_method") { $0.step.recovery.primaryMethod = $1 },
            .string("mode") { $0.step.recovery.mode = $1 },
            .boolean("allow_failure") { $0.step.allowsFailure = $1 }
                .habits(
                    "ignore_errors", "ignore_error", "ignore_failure", "ignore_failures",
                    "continue_on_error", "continue_on_failure", "continue_on_fail", "may_fail",
                    "optional", "allow_fail", "allowed_to_fail", "soft_fail"),
            .boolean("always") { $0.step.gating.always = $1 }
                .habits(
                    "finally", "finalizer", "cleanup", "teardown", "always_run", "run_always",
                    "post",
                    "final"),
        ]
        + (1...5).map { number in
            KeyRule("backup_\(number)", "a string") { draft, entry, reader in
                guard let words = reader.string(entry) else { return }
                draft.addBackup(words, number: number, at: entry.value.range)
            }
        }

    private static let gating: [KeyRule<StepDraft>] = [
        KeyRule("condition", "a string") { draft, entry, reader in
            draft.step.gating.condition = reader.string(entry)
            draft.step.gating.conditionRange = entry.value.range
        }
        .habits(
            "if", "when", "only_if", "only", "conditions", "cond", "run_if", "unless_not",
            "rules"),
        KeyRule("verify", "a string") { draft, entry, reader in
            guard let line = reader.string(entry), !reader.refusingBlank(line, in: entry),
                !reader.refusingNUL(line, in: entry)
            else { return }
            draft.step.gating.verify = line
        }
        .habits(
            "check", "checks", "test", "tests", "assert", "validate", "validation",
            "verification", "verify_command", "postcondition"),
        KeyRule("success_pattern", "a regular expression") { draft, entry, reader in
            draft.successPattern = reader.string(entry) == nil ? nil : entry
        }.habits("expect", "success_regex", "pattern", "match", "success_match", "ready_when"),
        KeyRule("foreach", "a list of strings") { draft, entry, reader in
            draft.items = reader.patterns(entry)
            draft.hasLostItems = draft.items == nil
            guard case .array(let written) = entry.value.content else { return }
            draft.hasLostItems = draft.items?.count != written.count
            guard written.isEmpty else { return }
            reader.report(
                .error(
                    "`foreach` must not be empty: the step would never run",
                    at: entry.value.range, help: "name an item, or remove the step"))
        }
        .habits(
            "for_each", "for", "matrix", "items", "with_items", "each", "loop", "iterate",
            "with_param", "parallel_matrix"),
        .strings("env_inputs") { $0.step.gating.environmentInputs = $1 }
            .habits(
                "env_deps", "environment_inputs", "pass_env", "input_env"),
        .strings("tools") { $0.step.gating.tools = $1 }.habits("tool", "requires_tools"),
    ]
}
