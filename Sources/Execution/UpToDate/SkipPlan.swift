public import DependencyGraph
public import WorkflowModel

/// What steps are compared with, to skip what has not changed.
public enum SmartChoice: Hashable, Sendable {
    /// Nothing is skipped.
    case off
    /// The last success of each.
    case remembered
    /// This git revision.
    case since(String)
}

/// What is known of a step before the run begins.
public enum UpToDateResult: Hashable, Sendable {
    /// What its last success left still holds, if the steps that it needs produce what they did.
    case upToDate(run: String)
    /// It has to run.
    case due([RunReason])
}

/// What a look at a step says when its turn has come.
public enum Examination: Hashable, Sendable {
    /// It has to run.
    case due([RunReason])
    /// Its last success, in this run, still holds.
    case upToDate(run: String)
    /// Its outputs were put in place as the run that is named had produced them.
    case restored(run: String, causes: [RunReason] = [])
}

/// Which steps of a run need not run, as far as that is known before it begins.
///
/// A step is skipped ahead only when nothing that it needs runs; one that needs a step that runs is
/// *open*: what that step produces decides, so it is looked at when its turn comes.
public struct SkipPlan: Hashable, Sendable {
    /// What is compared with.
    public var choice: SmartChoice
    /// Whether what has to run is looked for among the kept results first.
    public var usesCache = false
    /// Steps that are not run, each with the run of its last success; empty text for a revision's.
    public var upToDate: [Int: String] = [:]
    /// Steps that run, each with why.
    public var due: [Int: [RunReason]] = [:]
    /// Steps that are looked at when their turn comes.
    public var open: Set<Int> = []
    /// Steps that may run and need one that may: told only where kept results are looked for.
    public var waiting: Set<Int> = []

    /// Decides what a run skips.
    ///
    /// - Parameters:
    ///   - choice: What is compared with.
    ///   - graph: The workflow.
    ///   - selected: Which steps are meant; the others are as they are.
    ///   - finalizers: Steps that always run.
    ///   - usesCache: Whether results are looked for before a step runs.
    ///   - isForced: Whether everything runs.
    ///   - look: What is known of a step by itself; asked once each, dependencies first.
    /// - Returns: The plan, in O(V + E).
    public static func decide(
        _ choice: SmartChoice, graph: Graph<StepID>, selected: [Bool], finalizers: Set<Int> = [],
        usesCache: Bool = false, isForced: Bool = false, look: (Int) -> UpToDateResult
    ) -> SkipPlan {
        var plan = SkipPlan(choice: choice, usesCache: usesCache)
        // For each step, one that may run and that it needs, itself or through steps left out.
        var runs = [Int](repeating: -1, count: graph.count)
        for step in graph.topologicalOrder() {
            let needed = graph.dependencies(of: step).lazy.map { runs[$0] }.first { $0 >= 0 }
            guard selected[step] else {
                runs[step] = needed ?? -1
                continue
            }
            if finalizers.contains(step) {
                plan.due[step] = [RunReason(.always)]
            } else if isForced {
                plan.due[step] = [RunReason(.forced)]
            } else {
                plan.take(look(step), of: step, needed: needed, graph: graph)
            }
            if plan.upToDate[step] == nil { runs[step] = step }
        }
        return plan
    }

    private mutating func take(
        _ freshness: UpToDateResult, of step: Int, needed: Int?, graph: Graph<StepID>
    ) {
        if usesCache, needed != nil { waiting.insert(step) }
        switch (freshness, needed) {
        case (.due(let causes), _):
            due[step] = causes
        case (.upToDate(let run), nil):
            upToDate[step] = run
        case (.upToDate, let needed?):
            if case .since = choice {
                // Nothing is remembered that the product could be compared with.
                let id = graph.nodes[needed].rawValue
                due[step] = [RunReason(.dependencyRuns, [.init(id)])]
            } else {
                open.insert(step)
            }
        }
    }

    /// Leaves steps to the run that has done them, as far as nothing is known against it.
    ///
    /// - Parameter done: The steps.
    /// - Returns: Those that have to run again, or may have to.
    public mutating func takeOver(done: Set<Int>) -> Set<Int> {
        for step in done { upToDate[step] = nil }
        return done.filter { due[$0] != nil || open.contains($0) }
    }

    /// Whether somebody asked for a run of a step, and so does not want what was kept before it.
    public func isAskedFor(_ step: Int) -> Bool {
        due[step]?.contains { $0.kind == .forced || $0.kind == .forgotten } ?? false
    }

    /// Whether a step is looked at when its turn has come.
    public func isExamined(_ step: Int) -> Bool {
        open.contains(step)
            || usesCache && due[step].map { $0.allSatisfy(\.allowsRestoring) } == true
    }
}

extension RunReason {
    /// Whether a kept result may stand in for a run: not for a step whose inputs nobody knows or whose
    /// result is no file of its own, nor when somebody asked for a run.
    var allowsRestoring: Bool {
        switch kind {
        case .forced, .forgotten, .noInputs, .modifiesFiles, .always, .inputsUnreadable,
            .toolSilent:
            false
        default: true
        }
    }
}
