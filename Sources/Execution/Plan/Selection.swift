import DependencyGraph
import WorkflowModel

/// Decides which steps of a workflow the command line selects.
///
/// Options that name steps add up: targets and `--until` bring their dependencies, `--only` brings
/// nothing, and with `--only` targets bring nothing either, so `--only a b` is exactly two steps.
/// Without any of them all steps are selected. `--from` then keeps the named steps and their
/// dependents, and `--skip` removes steps. A finalizer is selected with each step that it depends
/// on, and with no other; one without dependencies is always selected. `--only` and `--skip`
/// exclude it.
struct Selection {
    private let workflow: Workflow
    private let graph: Graph<StepID>
    private let groups: [StepID: Range<Int>]
    private let finalizers: Set<Int>
    private var unknown: [PlanError.UnknownStep] = []

    /// Whether each step runs, by its index.
    static func make(
        of resolved: ResolvedWorkflow, options: RunOptions
    ) throws(PlanError) -> [Bool] {
        guard resolved.graph.count > 0 else { throw .noSteps }
        var selection = Selection(resolved)
        let flags = selection.flags(options)
        guard selection.unknown.isEmpty else { throw .unknownSteps(selection.unknown) }
        guard flags.contains(true) else { throw .nothingSelected }
        return flags
    }

    private init(_ resolved: ResolvedWorkflow) {
        workflow = resolved.workflow
        graph = resolved.graph
        groups = Dictionary(
            workflow.groups.map { ($0.name, $0.members) }, uniquingKeysWith: { first, _ in first })
        finalizers = workflow.finalizers
    }

    private mutating func flags(_ options: RunOptions) -> [Bool] {
        let targets = indices(options.targets, of: nil)
        let only = indices(options.only, of: "--only")
        let from = indices(options.from, of: "--from")
        let until = indices(options.until, of: "--until")
        let skip = indices(options.skip, of: "--skip")

        let isEverything = targets.isEmpty && only.isEmpty && until.isEmpty
        var flags = [Bool](repeating: isEverything, count: graph.count)
        for step in targets + only + until { flags[step] = true }
        let roots = only.isEmpty ? targets + until : until
        if !roots.isEmpty {
            for step in graph.ancestors(of: roots) { flags[step] = true }
        }
        if !from.isEmpty {
            var kept = graph.descendants(of: from)
            for step in from { kept.insert(step) }
            for step in flags.indices where !kept.contains(step) { flags[step] = false }
        }
        if only.isEmpty, !finalizers.isEmpty { addFinalizers(to: &flags) }
        for step in skip { flags[step] = false }
        return flags
    }

    /// Selects finalizers together with their direct dependencies: a finalizer that stops a server
    /// has nothing to do when only the server's dependencies run.
    private func addFinalizers(to flags: inout [Bool]) {
        guard flags.contains(true) else { return }
        for step in graph.topologicalOrder() where !flags[step] && finalizers.contains(step) {
            let dependencies = graph.dependencies(of: step)
            flags[step] = dependencies.isEmpty || dependencies.contains { flags[$0] }
        }
    }

    private mutating func indices(_ ids: [StepID], of option: String?) -> [Int] {
        ids.flatMap { id -> [Int] in
            if let index = graph.index(of: id) { return [index] }
            if let members = groups[id] { return Array(members) }
            let meant = StepNameSearch(workflow).candidates(for: id.rawValue)
            unknown.append(.init(id: id, option: option, suggestions: meant.map { StepID($0) }))
            return []
        }
    }
}
