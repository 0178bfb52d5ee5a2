import WorkflowModel

/// Merges the settings of an included file.
extension WorkflowDecoder {
    /// Keys of `[execution]` that an included file may set.
    private static let ownKeys: Set<String> = ["runner", "shell", "secrets"]

    /// Takes over the settings that concern the whole workflow; returns the scope of the file's own
    /// steps.
    mutating func merge(_ draft: WorkflowDraft, into scope: FileScope) -> FileScope {
        var scope = scope
        let settings = draft.workflow.execution
        scope.environment = scope.environment.overridden(by: draft.workflow.environment)
        let keys = draft.executionTable?.entries ?? []
        if let runner = settings.runner { scope.runner = runner }
        if keys.contains(where: { $0.key == "shell" }) { scope.shell = settings.shell }
        for name in settings.secrets where merged.secrets.insert(name).inserted {
            workflow.execution.secrets.append(name)
        }
        for resource in draft.workflow.resources { merge(resource) }
        for group in draft.workflow.parallelGroups { merge(group) }
        merge(changeClasses: draft)
        noteIneffectiveKeys(
            keys.filter { !Self.ownKeys.contains($0.key) }, [draft.errorPropagation, draft.cache])
        return scope
    }

    private mutating func merge(_ resource: ResourceDeclaration) {
        guard let index = merged.resources[resource.name] else {
            merged.resources[resource.name] = workflow.resources.count
            workflow.resources.append(resource)
            return
        }
        let first = workflow.resources[index]
        var same = first
        same.range = resource.range
        guard same != resource else { return }
        reader.report(
            .error(
                "resource `\(resource.name)` is declared in another way by another file",
                at: resource.range, help: "declare it in one file, or in both in the same way",
                related: first.range.map { [.init("first declared here", at: $0)] } ?? []))
    }

    private mutating func merge(_ group: ParallelGroup) {
        guard let index = merged.groups[group.name] else {
            merged.groups[group.name] = workflow.parallelGroups.count
            workflow.parallelGroups.append(group)
            return
        }
        let first = workflow.parallelGroups[index]
        var same = first
        same.range = group.range
        guard same != group else { return }
        reader.report(
            .error(
                "group `\(group.name)` is declared in another way by another file",
                at: group.range, help: "declare it in one file, or in both in the same way",
                related: first.range.map { [.init("first declared here", at: $0)] } ?? []))
    }

    private mutating func merge(changeClasses draft: WorkflowDraft) {
        // A line that could not be read has an entry but no class.
        var places: [String: SourceRange] = [:]
        for entry in draft.changes?.entries ?? [] { places[entry.key] = entry.keyRange }
        for line in draft.workflow.changeClasses {
            guard let first = merged.changes[line.name] else {
                merged.changes[line.name] = (workflow.changeClasses.count, places[line.name])
                workflow.changeClasses.append(line)
                continue
            }
            guard workflow.changeClasses[first.index].patterns != line.patterns else { continue }
            reader.report(
                .error(
                    "`\(line.name)` in `[changes]` is declared in another way by another file",
                    at: places[line.name],
                    help: "declare it in one file, or in both in the same way",
                    related: first.place.map { [.init("first declared here", at: $0)] } ?? []))
        }
    }

    private mutating func noteIneffectiveKeys(
        _ keys: [DocumentTable.Entry], _ tables: [DocumentTable.Entry?]
    ) {
        // Keys that are ignored in every file need no note here.
        let ineffective = keys.filter { WorkflowTables.execution.honours($0.key) }
        let tables = tables.compactMap(\.self)
        guard let first = ineffective.first ?? tables.first else { return }
        let names = ineffective.map { "`\($0.key)`" } + tables.map { "`[\($0.key)]`" }
        reader.report(
            Diagnostic(
                .note,
                "\(Wording.list(names, "and")) of an included file \(names.count == 1 ? "has" : "have") "
                    + "no effect: how a run goes is the main file's business", at: first.keyRange,
                help: "set it in the main file"))
    }
}

/// The settings of all files so far, by name.
struct MergedSettings {
    /// Index of a resource in the workflow.
    var resources: [String: Int] = [:]
    /// Index of a parallel group in the workflow.
    var groups: [String: Int] = [:]
    /// Index of a change class in the workflow, and its first declaration.
    var changes: [String: (index: Int, place: SourceRange?)] = [:]
    var secrets: Set<String> = []

    init() {}

    /// What the main file declares.
    init(of draft: WorkflowDraft) {
        for (index, resource) in draft.workflow.resources.enumerated() {
            resources[resource.name] = index
        }
        for (index, group) in draft.workflow.parallelGroups.enumerated() {
            groups[group.name] = index
        }
        secrets = Set(draft.workflow.execution.secrets)
        var places: [String: SourceRange] = [:]
        for entry in draft.changes?.entries ?? [] { places[entry.key] = entry.keyRange }
        for (index, line) in draft.workflow.changeClasses.enumerated() {
            changes[line.name] = (index, places[line.name])
        }
    }
}
