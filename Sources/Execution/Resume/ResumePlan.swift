public import DependencyGraph
public import WorkflowModel

/// Why a step runs in a run that goes on with another.
public enum RerunReason: Hashable, Sendable {
    /// The earlier run did not have it.
    case new
    /// The earlier run left it out.
    case leftOutBefore
    /// The earlier run did not come to it.
    case notReached
    /// It was running when stepvisor died.
    case inFlight
    case failed, aborted
    /// It had ended well, but what it is made from differs.
    case commandChanged, settingsChanged, inputsChanged
    /// It had ended well, but its inputs changed while it ran.
    case inputsMoved
    /// It had ended well, but its inputs cannot be read now, so that nothing is known of them.
    case inputsUnreadable
    /// It had ended well, but from what is not in the journal.
    case unknownBasis
    /// It had ended well, but needs a step that runs again: its index.
    case dependency(Int)
    /// It was skipped by a decision, which another may replace.
    case skippedByDecision
    /// Its condition did not hold, and may hold now.
    case conditionFalse
    /// It is a finalizer: it runs at the end of every run.
    case always
    /// It had ended well, but what is known of it by now says that this does not hold any more.
    case notUpToDate
    /// It had ended well, but what it left behind is gone or altered.
    case outputs([RunReason])
    /// It had ended well, and stays done unless this step runs: its index.
    case unlessRuns(Int)

    /// Whether the step had ended well before.
    public var wasDone: Bool {
        switch self {
        case .new, .leftOutBefore, .notReached, .inFlight, .failed, .aborted,
            .skippedByDecision, .conditionFalse, .always:
            false
        case .commandChanged, .settingsChanged, .inputsChanged, .inputsMoved, .inputsUnreadable,
            .unknownBasis, .dependency, .notUpToDate, .outputs, .unlessRuns:
            true
        }
    }
}

/// What a run that goes on with another takes over, and what it runs, each with its reason.
///
/// Only what is proved to be unchanged is taken over: a step is done when it ended well, is still
/// made from the same, and needs no step that runs again. All else runs.
public struct ResumePlan: Sendable {
    /// The id of the run that is gone on with.
    public let run: String
    /// Which steps of the workflow the run is about.
    public let selected: [Bool]
    /// Steps that are not run again, by index.
    public private(set) var done: [Int: DoneEarlier] = [:]
    /// Steps that are not run again unless what they need runs, each with such a step.
    public private(set) var doneUnlessNeedsRun: [Int: (done: DoneEarlier, needed: Int)] = [:]
    /// Steps that run, in an order in which each comes after those that it needs.
    public private(set) var reruns: [(step: Int, reason: RerunReason)] = []
    /// Ids of steps that the earlier run was about, and the workflow has no more.
    public let removed: [String]

    private init(_ earlier: EarlierRun, graph: Graph<StepID>, selected: [Bool]) {
        run = earlier.header.runID
        self.selected = selected
        removed = earlier.header.steps.indices.filter {
            earlier.standing(at: $0) != .notSelected
        }.map { earlier.header.steps[$0].id }.filter { graph.index(of: StepID($0)) == nil }
    }

    /// Decides what `--resume` takes over.
    ///
    /// - Parameters:
    ///   - earlier: The run to go on with.
    ///   - graph: The workflow as it is now.
    ///   - selected: Which of its steps are meant.
    ///   - finalizers: Which of them always run, whatever they came to.
    ///   - decided: Which of them do not run, by decision. What ended well without them stays done,
    ///     unless something that they need runs.
    ///   - isLookedAt: Whether what is known of a step is asked before it counts as done: then it need
    ///     not be recorded what it was started from, as of a step that the earlier run skipped.
    ///   - outputs: What speaks against what a step left behind, gone or altered; asked of steps that
    ///     could be taken over otherwise.
    ///   - basis: What a step would be started from now; nil when its inputs cannot be read. Asked
    ///     once for each step that could be taken over, dependencies first.
    /// - Returns: The plan, in O(V + E).
    public static func resume(
        _ earlier: EarlierRun, graph: Graph<StepID>, selected: [Bool],
        finalizers: Set<Int> = [], decided: Set<Int> = [], isLookedAt: Bool = false,
        outputs: (Int, DoneEarlier) -> [RunReason] = { _, _ in [] }, basis: (Int) -> StepBasis?
    ) -> ResumePlan {
        var plan = ResumePlan(earlier, graph: graph, selected: selected)
        var above = Above(count: graph.count)
        for step in graph.topologicalOrder() {
            let standing = earlier.standing(of: graph.nodes[step].rawValue)
            let needs = graph.dependencies(of: step)
            guard selected[step] else {
                above.passOn(needs, through: step)
                continue
            }
            guard !finalizers.contains(step) else {
                plan.reruns.append((step, .always))
                continue
            }
            let (needed, open) = above.settled(
                needs, isCarried: earlier.isCarried(graph.nodes[step].rawValue)
            ) { earlier.standing(of: graph.nodes[$0].rawValue) == .notReached }
            var verdict = Self.verdict(standing, needed: needed, isLookedAt: isLookedAt) {
                basis(step)
            }
            if case .success(let done) = verdict {
                let causes = outputs(step, done)
                if !causes.isEmpty { verdict = .failure(Verdict(reason: .outputs(causes))) }
            }
            switch verdict {
            case .success(let done):
                plan.done[step] = open == nil ? done : nil
                guard let open else { continue }
                plan.doneUnlessNeedsRun[step] = (done, open)
                above.mayRun[step] = step
            case .failure(let verdict):
                plan.reruns.append((step, verdict.reason))
                if decided.contains(step) {
                    above.passOn(needs, through: step)
                    continue
                }
                above.note(step, leavesOpen: standing.leavesOpen)
            }
        }
        return plan
    }

    /// Takes steps out of what is done, in the place that the graph gives them.
    public mutating func withdraw(_ steps: Set<Int>, graph: Graph<StepID>) {
        let found = steps.filter { step in
            let wasOpen = doneUnlessNeedsRun.removeValue(forKey: step) != nil
            return done.removeValue(forKey: step) != nil || wasOpen
        }
        guard !found.isEmpty else { return }
        reruns += found.map { ($0, .notUpToDate) }
        var places = [Int](repeating: 0, count: graph.count)
        for (place, step) in graph.topologicalOrder().enumerated() { places[step] = place }
        reruns.sort { places[$0.step] < places[$1.step] }
    }

    /// For each step, one that runs and that it needs, itself or through steps left out; and one that may
    /// make what is done below it stale, which only the run will show.
    private struct Above {
        private var runs: [Int]
        var mayRun: [Int]

        init(count: Int) {
            runs = [Int](repeating: -1, count: count)
            mayRun = runs
        }

        private func found(_ needs: NodeIndices) -> (needed: Int?, open: Int?) {
            (
                needs.lazy.map { runs[$0] }.first { $0 >= 0 },
                needs.lazy.map { mayRun[$0] }.first { $0 >= 0 }
            )
        }

        /// A step does not run, by selection or decision: what depends on it is below what it needs.
        mutating func passOn(_ needs: NodeIndices, through step: Int) {
            let (needed, open) = found(needs)
            runs[step] = needed ?? -1
            mayRun[step] = open ?? -1
        }

        /// What a step is below.
        ///
        /// A step that was not reached, while this one was done all the same, cannot have contributed to
        /// it, unless this one was carried over.
        func settled(
            _ needs: NodeIndices, isCarried: Bool, wasNotReached: (Int) -> Bool
        ) -> (needed: Int?, open: Int?) {
            let (needed, open) = found(needs)
            guard let open, !isCarried, wasNotReached(open) else { return (needed, open) }
            return (needed ?? open, nil)
        }

        mutating func note(_ step: Int, leavesOpen: Bool) {
            if leavesOpen { mayRun[step] = step } else { runs[step] = step }
        }
    }

    private struct Verdict: Error { let reason: RerunReason }

    private static func verdict(
        _ standing: EarlierRun.Standing?, needed: Int?, isLookedAt: Bool = false,
        basis: () -> StepBasis?
    ) -> Result<DoneEarlier, Verdict> {
        let reason: RerunReason
        switch standing {
        case nil: reason = .new
        case .notSelected?: reason = .leftOutBefore
        case .notReached?, .skipped?: reason = .notReached
        case .inFlight?: reason = .inFlight
        case .failed?: reason = .failed
        case .aborted?: reason = .aborted
        case .skippedByDecision?: reason = .skippedByDecision
        case .conditionFalse?: reason = .conditionFalse
        case .doneFromMovingInputs?: reason = needed.map { .dependency($0) } ?? .inputsMoved
        case .done(let done)?:
            if let needed { return .failure(Verdict(reason: .dependency(needed))) }
            guard let old = done.basis else {
                if isLookedAt { return .success(done) }
                return .failure(Verdict(reason: .unknownBasis))
            }
            guard let now = basis() else {
                return .failure(Verdict(reason: .inputsUnreadable))
            }
            if old == now { return .success(done) }
            reason =
                old.command != now.command
                ? .commandChanged
                : old.settings != now.settings ? .settingsChanged : .inputsChanged
        }
        return .failure(Verdict(reason: reason))
    }

    /// Decides what runs when only failures are run again.
    ///
    /// That is what failed, was stopped, or was kept from running by a failure or a halt, what depends on
    /// it, and what that needs beside it and has not ended well. A step whose outputs are gone or altered
    /// counts as failed. All else stays as it is, looked at or not.
    ///
    /// - Parameters:
    ///   - earlier: The run whose failures are meant.
    ///   - graph: The workflow as it is now.
    ///   - selected: Which of its steps are meant.
    ///   - finalizers: Which of them always run, where anything does.
    ///   - outputs: What speaks against what a step left behind, gone or altered.
    /// - Returns: The plan; ``reruns`` is empty when nothing failed.
    public static func failed(
        _ earlier: EarlierRun, graph: Graph<StepID>, selected: [Bool], finalizers: Set<Int> = [],
        outputs: (Int, DoneEarlier) -> [RunReason] = { _, _ in [] }
    ) -> ResumePlan {
        let standings = graph.nodes.map { earlier.standing(of: $0.rawValue) }
        let (failed, lost) = failures(
            standings, selected: selected, finalizers: finalizers, outputs: outputs)
        var runs = spread(failed, graph: graph, selected: selected, standings: standings)
        if !failed.isEmpty {
            for step in finalizers where selected[step] { runs[step] = true }
        }
        let kept = runs.indices.map { runs[$0] || selected[$0] && standings[$0].isDone }
        var plan = ResumePlan(earlier, graph: graph, selected: kept)
        var above = Above(count: graph.count)
        for step in graph.topologicalOrder() {
            let needs = graph.dependencies(of: step)
            guard kept[step] else {
                above.passOn(needs, through: step)
                continue
            }
            guard runs[step] else {
                plan.done[step] = standings[step].done(in: earlier)
                continue
            }
            guard !finalizers.contains(step) else {
                plan.reruns.append((step, .always))
                continue
            }
            let (needed, open) = above.settled(
                needs, isCarried: earlier.isCarried(graph.nodes[step].rawValue)
            ) { standings[$0] == .notReached }
            let reason: RerunReason
            if let causes = lost[step] {
                reason = .outputs(causes)
            } else if let done = standings[step].done(in: earlier), needed == nil {
                // It stays as it is unless what failed, or has a condition, comes to something else.
                if let open {
                    plan.doneUnlessNeedsRun[step] = (done, open)
                    above.mayRun[step] = step
                } else {
                    plan.done[step] = done
                }
                continue
            } else {
                let verdict = Self.verdict(standings[step], needed: needed, basis: { nil })
                guard case .failure(let failure) = verdict else { continue }
                reason = failure.reason
            }
            plan.reruns.append((step, reason))
            above.note(step, leavesOpen: standings[step].leavesOpen)
        }
        return plan
    }

    /// What failed, was stopped or was kept from running, and what speaks against outputs of what did not.
    private static func failures(
        _ standings: [EarlierRun.Standing?], selected: [Bool], finalizers: Set<Int>,
        outputs: (Int, DoneEarlier) -> [RunReason]
    ) -> (failed: [Int], lost: [Int: [RunReason]]) {
        var lost: [Int: [RunReason]] = [:]
        let failed = standings.indices.filter { step in
            guard selected[step] else { return false }
            switch standings[step] {
            case .failed?, .aborted?, .inFlight?: return true
            // A finalizer that did not come to its turn has nothing to clean up by itself.
            case .notReached?, .skipped?: return !finalizers.contains(step)
            case .done(let done)? where !finalizers.contains(step):
                let causes = outputs(step, done)
                if !causes.isEmpty { lost[step] = causes }
                return !causes.isEmpty
            default: return false
            }
        }
        return (failed, lost)
    }

    /// The steps given, what depends on them, and what that needs and has not ended well.
    private static func spread(
        _ failed: [Int], graph: Graph<StepID>, selected: [Bool],
        standings: [EarlierRun.Standing?]
    ) -> [Bool] {
        var runs = [Bool](repeating: false, count: graph.count)
        var added = failed
        while !added.isEmpty {
            for step in added { runs[step] = true }
            let dependents = graph.descendants(of: added).filter { selected[$0] && !runs[$0] }
            for step in dependents { runs[step] = true }
            added = graph.ancestors(of: added + dependents).filter {
                selected[$0] && !runs[$0] && !standings[$0].isDone
            }
        }
        return runs
    }

    /// Which steps a run that names none is about: those of the earlier run, and new ones that it
    /// would have been about.
    public static func selection(
        of earlier: EarlierRun, graph: Graph<StepID>
    ) -> [Bool] {
        let standings = graph.nodes.map { earlier.standing(of: $0.rawValue) }
        let hasLeftOut = earlier.header.steps.indices.contains {
            earlier.standing(at: $0) == .notSelected
        }
        guard hasLeftOut else { return [Bool](repeating: true, count: graph.count) }
        var selected = standings.map { $0 != nil && $0 != .notSelected }
        // What a step newly needs runs before it.
        for step in graph.ancestors(of: selected.indices.filter { selected[$0] })
        where standings[step] == nil {
            selected[step] = true
        }
        return selected
    }
}

extension EarlierRun.Standing? {
    fileprivate var isDone: Bool {
        switch self {
        case .done?, .doneFromMovingInputs?: true
        default: false
        }
    }

    /// How it ended well; nil where it did not.
    fileprivate func done(in run: EarlierRun) -> DoneEarlier? {
        if case .done(let done)? = self { return done }
        return isDone ? DoneEarlier(run: run.header.runID) : nil
    }

    /// Whether what depends on the step and was done then was done without it: it need not run again
    /// where the step comes to the same.
    fileprivate var leavesOpen: Bool {
        switch self {
        case .failed?, .aborted?, .inFlight?, .skipped?, .skippedByDecision?, .conditionFalse?,
            .notReached?:
            true
        default: false
        }
    }
}
