import WorkflowModel

/// What becomes of the settings of an included file.
extension WorkflowDecoder {
    /// Keys of `[execution]` that count for an included file.
    private static let ownKeys: Set<String> = ["runner", "shell", "secrets"]

    /// Takes over what concerns the whole workflow, and gives the scope of the file's own steps.
    mutating func merge(_ draft: WorkflowDraft, into scope: FileScope) -> FileScope {
        var scope = scope
        let settings = draft.workflow.execution
        scope.environment = scope.environment.overridden(by: draft.workflow.environment)
        let keys = draft.executionTable?.entries ?? []
        if let runner = settings.runner { scope.runner = runner }
        if keys.contains(where: { $0.key == "shell" }) { scope.shell = settings.shell }
        for name in settings.secrets where !workflow.execution.secrets.contains(name) {
            workflow.execution.secrets.append(name)
        }
        for resource in draft.workflow.resources { merge(resource) }
        merge(changeClasses: draft)
        noteIdleKeys(keys.filter { !Self.ownKeys.contains($0.key) }, draft.errorPropagation)
        return scope
    }

    private mutating func merge(_ resource: ResourceDeclaration) {
        guard let first = workflow.resources.first(where: { $0.name == resource.name }) else {
            workflow.resources.append(resource)
            return
        }
        var same = first
        same.range = resource.range
        guard same != resource else { return }
        reader.report(
            .error(
                "resource `\(resource.name)` is declared in another way by another file",
                at: resource.range, help: "declare it in one file, or in both in the same way",
                related: first.range.map { [.init("first declared here", at: $0)] } ?? []))
    }

    private mutating func merge(changeClasses draft: WorkflowDraft) {
        for line in draft.workflow.changeClasses {
            guard let first = workflow.changeClasses.first(where: { $0.name == line.name }) else {
                workflow.changeClasses.append(line)
                noteChangeClasses(of: draft)
                continue
            }
            guard first.patterns != line.patterns else { continue }
            let place = draft.changes?.entries.first { $0.key == line.name }?.keyRange
            reader.report(
                .error(
                    "`\(line.name)` in `[changes]` is declared in another way by another file",
                    at: place, help: "declare it in one file, or in both in the same way",
                    related: changePlaces[line.name].map {
                        [.init("first declared here", at: $0)]
                    } ?? []))
        }
    }

    /// Remembers where classes of files were declared first.
    mutating func noteChangeClasses(of draft: WorkflowDraft) {
        for entry in draft.changes?.entries ?? [] where changePlaces[entry.key] == nil {
            changePlaces[entry.key] = entry.keyRange
        }
    }

    private mutating func noteIdleKeys(
        _ keys: [DocumentTable.Entry], _ propagation: DocumentTable.Entry?
    ) {
        // What is left alone in any file need not be said of this one.
        let idle = keys.filter { WorkflowTables.execution.honours($0.key) }
        guard let first = idle.first ?? propagation else { return }
        var names = idle.map { "`\($0.key)`" }
        if propagation != nil { names.append("`[error_propagation]`") }
        reader.report(
            Diagnostic(
                .note,
                "\(Wording.list(names, "and")) of an included file \(names.count == 1 ? "has" : "have") "
                    + "no effect: how a run goes is the main file's business", at: first.keyRange,
                help: "set it in the main file"))
    }
}
