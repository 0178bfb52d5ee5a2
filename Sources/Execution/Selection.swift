import DependencyGraph
import WorkflowModel

/// Decides which steps of a workflow the command line asks for.
///
/// Options that name steps to run add up: targets and `--until` bring what they depend on, `--only`
/// brings nothing, and beside `--only` the targets bring nothing either, so that `--only a b` is
/// exactly two steps. Without any of them all steps are meant. `--from` then keeps the steps named
/// and what depends on them, and `--skip` takes steps away.
struct Selection {
    private let graph: Graph<StepID>
    private let groups: [StepID: Range<Int>]
    private var unknown: [PlanError.UnknownStep] = []

    /// Whether each step runs, by its index.
    static func make(
        of graph: Graph<StepID>, groups: [StepGroup], options: RunOptions
    ) throws(PlanError) -> [Bool] {
        guard graph.count > 0 else { throw .noSteps }
        var selection = Selection(graph: graph, groups: groups)
        let flags = selection.flags(options)
        guard selection.unknown.isEmpty else { throw .unknownSteps(selection.unknown) }
        guard flags.contains(true) else { throw .nothingSelected }
        return flags
    }

    private init(graph: Graph<StepID>, groups: [StepGroup]) {
        self.graph = graph
        self.groups = Dictionary(
            groups.map { ($0.name, $0.members) }, uniquingKeysWith: { first, _ in first })
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
        for step in skip { flags[step] = false }
        return flags
    }

    private mutating func indices(_ ids: [StepID], of option: String?) -> [Int] {
        ids.flatMap { id -> [Int] in
            if let index = graph.index(of: id) { return [index] }
            if let members = groups[id] { return Array(members) }
            let meant = NearMiss.best(
                for: id.rawValue,
                among: groups.keys.map(\.rawValue).sorted() + graph.nodes.map(\.rawValue))
            unknown.append(
                .init(id: id, option: option, suggestion: meant.map { StepID($0) }))
            return []
        }
    }
}
