import DependencyGraph
public import Execution
import FileState
import StateStore
import WorkflowModel

/// What is known of steps before the run begins: asked once each, dependencies first.
///
/// Of a step that needs one that may run, only what that one cannot mend makes it due.
extension UpToDateChecker {
    /// What is known of a step.
    public mutating func checkBeforeRun(of step: Int) -> UpToDateResult {
        beginAhead()
        return note(freshness(of: step), of: step)
    }

    /// What is known of a step, where there is anything, beside what a revision says of it.
    public mutating func checkBeforeRun(
        of step: Int, comparedWith revision: UpToDateResult
    ) -> UpToDateResult {
        beginAhead()
        let isAsked = known.knows(id(of: step)) || silentTools(of: step) != nil
        let known = isAsked ? freshness(of: step) : nil
        return note(.compared(revision, known: known), of: step)
    }

    /// What is known of a step that an earlier run has done: what speaks against it makes it due.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - isKnownAtLeast: Whether a step that says what it reads has to be known as a success.
    /// - Returns: Up to date where nothing speaks against it.
    public mutating func checkBeforeRun(
        ofDone step: Int, isKnownAtLeast: Bool
    ) -> UpToDateResult {
        beginAhead()
        let declared = plan.resolved.workflow.steps[step]
        let isTaken = endedWellBelowFailure(step)
        let evidence = UpToDateQuestion.evidence(
            hasInputs: declared.declaresInputs, modifies: !declared.modifies.isEmpty,
            isKnown: known.knows(id(of: step)) && !isTaken,
            isKnownAtLeast: isKnownAtLeast && !isTaken)
        if evidence == .success {
            guard !known.isDamaged else {
                return note(.due([RunReason(.stateUnreadable)]), of: step)
            }
            let found = verdict(of: step, assuming: mayRun, isDone: true)?.freshness
            return note(found ?? .due([RunReason(.inputsUnreadable)]), of: step)
        }
        let missing = RevisionLook(plan: plan, root: root).missingOutputs(of: step)
        return note(
            missing.isEmpty
                ? .upToDate(run: "") : .due([RunReason(.outputMissing, missing.map { .init($0) })]),
            of: step)
    }

    /// Whether a step ended well, in the very run whose success is taken over, although one that it needs
    /// had failed and was decided about: that this one had produced nothing that is known was known then.
    private func endedWellBelowFailure(_ step: Int) -> Bool {
        guard let done = plan.done(before: step), done.basis != nil,
            case .unknownInputs(let run, let needs) = known[id(of: step)]
        else { return false }
        return run == done.run && !needs.isEmpty
    }

    private mutating func note(_ freshness: UpToDateResult, of step: Int) -> UpToDateResult {
        let needs = plan.resolved.graph.dependencies(of: step)
        if case .due = freshness {
            mayRun.insert(step)
        } else if needs.contains(where: { mayRun.contains($0) }) {
            mayRun.insert(step)
        }
        return freshness
    }

    /// Whether what a step wrote to `STEPVISOR_OUTPUT`, if it wrote anything, is not here.
    public func lacksResult(_ step: Int) -> Bool { known.memory(of: id(of: step)) == nil }

    // MARK: - Conditions

    /// Whether the condition of a step came out false when it was last evaluated, and what it asks for
    /// is as it was then.
    public mutating func isHeldBack(_ step: Int) -> Bool {
        guard let before = known.conditionFalse(id(of: step)) else { return false }
        return conditionFacts(of: step) { $0.product(of: $1) } == before
    }

    /// What the condition of a step comes out by: its text, and what the steps that it names have
    /// produced; nil where that is not all known, or it asks for files.
    mutating func conditionFacts(
        of step: Int, product: (inout UpToDateChecker, Int) -> Digest?
    ) -> Digest? {
        guard let condition = plan.resolved.conditions[step], condition.changeLists.isEmpty else {
            return nil
        }
        var hash = SHA256()
        hash.update(framed: condition.description)
        var seen: Set<String> = []
        for name in condition.references.map(\.step) where seen.insert(name).inserted {
            guard let named = plan.resolved.graph.index(of: StepID(name)), plan.selected[named],
                let product = product(&self, named)
            else { return nil }
            hash.update(product.bytes)
        }
        return Digest(hash)
    }

    /// Why a step that has no success to show has to run.
    func causes(of step: Int, _ knowledge: StepHistory) -> [RunReason] {
        if case .started(let run) = knowledge, running[id(of: step)] == run {
            return [RunReason(.running, [.init(run)])]
        }
        return knowledge.causes
    }
}
