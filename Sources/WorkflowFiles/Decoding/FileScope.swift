import WorkflowModel

/// Where the names of a file stand, and what surrounds its steps.
struct FileScope {
    /// What the file's ids begin with, each with its `.`: the whole prefix, then that of the file
    /// which includes it, and so on; empty where ids are as they are.
    var prefixes: [String] = []
    /// Variables of the file and of those that include it; not those of the main file.
    var environment: [EnvironmentVariable] = []
    /// The runner of the file, or of the nearest one that includes it; not that of the main file.
    var runner: Command?
    /// The same for the shell.
    var shell: [String]?
    /// False for the main file, whose settings are those of the run.
    var isIncluded = false
    /// Where its steps outside of tasks begin, with those of the files that it includes; for a
    /// directory, with its step files.
    var firstStep = 0
    /// The same for its tasks; for those that a speclet holds, where these begin.
    var firstTask = 0

    /// What ids begin with; empty for nothing.
    var prefix: String { prefixes.first ?? "" }

    /// The scope of names that are local to a part of the file, or to a file that it includes.
    func nested(_ prefix: String?) -> FileScope {
        guard let prefix else { return self }
        var scope = self
        scope.prefixes.insert(self.prefix + prefix + ".", at: 0)
        return scope
    }

    /// The names that a name may mean, the innermost first.
    func candidates(for name: String) -> [String] { prefixes.map { $0 + name } + [name] }

    /// The name under which something is known, where it is.
    func resolved(_ name: String, in known: (String) -> Bool) -> String? {
        candidates(for: name).first(where: known)
    }

    /// Gives a step the name and the surroundings of its file.
    func place(_ draft: inout StepDraft) {
        if !prefixes.isEmpty { draft.step.id = StepID(prefix + draft.step.id.rawValue) }
        if !environment.isEmpty {
            // All steps that add nothing share one list.
            draft.step.environment =
                draft.step.environment.isEmpty
                ? environment : environment.overridden(by: draft.step.environment)
        }
        if let runner { draft.step.runner = runner }
    }
}

extension [EnvironmentVariable] {
    /// These, then the others, which win.
    func overridden(by others: [EnvironmentVariable]) -> [EnvironmentVariable] {
        let names = Set(others.map(\.name))
        return filter { !names.contains($0.name) } + others
    }
}

extension Step {
    /// Names the shell of its file, where that is another than the run's.
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
