import WorkflowModel

/// The scope of the names in a file, and the settings that its steps inherit.
struct FileScope {
    /// The prefixes of the file's ids, each with its `.`: the whole prefix, then that of the
    /// including file, and so on; empty when ids have no prefix.
    var prefixes: [String] = []
    /// Variables of the file and of the files that include it, without the main file.
    var environment: [EnvironmentVariable] = []
    /// The runner of the file, or of the nearest file that includes it; not that of the main file.
    var runner: Command?
    /// The shell of the file, or of the nearest file that includes it; not that of the main file.
    var shell: [String]?
    /// False for the main file, whose settings apply to the run.
    var isIncluded = false
    /// The first of its steps outside of tasks, including those of the files that it includes; for
    /// a directory, including its step files.
    var firstStep = 0
    /// The first of its tasks, including those of the files that it includes; for a speclet's own
    /// tasks, the first of these.
    var firstTask = 0

    /// The prefix of ids; empty for none.
    var prefix: String { prefixes.first ?? "" }

    /// The scope of names that are local to a part of the file or to a file that it includes.
    func nested(_ prefix: String?) -> FileScope {
        guard let prefix else { return self }
        var scope = self
        scope.prefixes.insert(self.prefix + prefix + ".", at: 0)
        return scope
    }

    /// The full names that a name can refer to, the innermost scope first.
    func candidates(for name: String) -> [String] { prefixes.map { $0 + name } + [name] }

    /// The full name of something known; nil when no scope knows it.
    func resolved(_ name: String, in known: (String) -> Bool) -> String? {
        candidates(for: name).first(where: known)
    }

    /// Applies the prefix and the settings of the file to a step.
    func place(_ draft: inout StepDraft) {
        if !prefixes.isEmpty { draft.step.id = StepID(prefix + draft.step.id.rawValue) }
        if !environment.isEmpty {
            // All steps that add no variable share one list.
            draft.step.environment =
                draft.step.environment.isEmpty
                ? environment : environment.overridden(by: draft.step.environment)
        }
        if let runner { draft.step.runner = runner }
    }
}

extension [EnvironmentVariable] {
    /// These variables, then the others, which override them.
    func overridden(by others: [EnvironmentVariable]) -> [EnvironmentVariable] {
        let names = Set(others.map(\.name))
        return filter { !names.contains($0.name) } + others
    }
}

extension Step {
    /// Runs a command line in the shell of its file when that differs from the run's shell.
    mutating func wrapLines(in shell: [String]) {
        func wrapped(_ command: Command?) -> Command? {
            guard case .shell(let line)? = command else { return command }
            return .arguments(shell + [line])
        }
        command = wrapped(command)
        if runner != nil { runner = wrapped(runner) }
        for number in recovery.backups.indices {
            recovery.backups[number].command = wrapped(recovery.backups[number].command)
        }
    }
}
