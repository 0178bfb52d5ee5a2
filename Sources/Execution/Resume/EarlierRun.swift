import WorkflowModel

/// What an earlier run has left, as its journal tells: which steps ended well, and from what.
///
/// A step counts as done only by an `ended complete` after its last `launched`: whatever the journal
/// does not say, because stepvisor died or a line was lost, is not done.
public struct EarlierRun: Sendable {
    /// What the run was.
    public let header: RunHeader
    /// Where it ended; nil where the journal has no end.
    public private(set) var end: RunStatus?
    /// Whether a step was launched; before that, a run has changed nothing.
    public private(set) var hasLaunched = false
    private var steps: [Trace]
    private let indices: [String: Int]

    /// How far a step came.
    public enum Standing: Hashable, Sendable {
        /// Nothing is known of it.
        case notReached
        /// It was launched, and no end of it is known.
        case inFlight
        /// It ended well, in this run or in one before it.
        case done(DoneEarlier)
        /// It ended well, and its inputs were seen to change while it ran.
        case doneFromMovingInputs
        case failed, aborted, skipped, notSelected
        /// Somebody decided that it does not run.
        case skippedByDecision
        /// Its condition did not hold.
        case conditionFalse
    }

    private struct Trace: Sendable {
        var standing = Standing.notReached
        var basis: StepBasis?
        var sawInputsChange = false
        /// Its last attempt failed, and another was to come.
        var awaitsAttempt = false
        /// What somebody decided about it since it was last launched.
        var decision: ReviewDecision?
        /// Its end in this run is one that what depends on it is made from.
        var hasEffect = false
    }

    /// Folds the events of a journal.
    public init(_ journal: Journal) {
        header = journal.header
        steps = [Trace](repeating: Trace(), count: journal.header.steps.count)
        indices = Dictionary(
            journal.header.steps.enumerated().map { ($0.element.id, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        for event in journal.events { take(event.kind) }
        settleCarried()
    }

    /// Whether a step was done before this run, and was to stay done unless what it needs ran.
    func isCarried(_ id: String) -> Bool {
        indices[id].map { header.steps[$0].doneUnlessNeedsRun != nil } ?? false
    }

    /// What a run before this one had done, and this one did not come to, is still done where nothing
    /// that it needs has ended with an effect in this one, itself or through steps left out.
    private mutating func settleCarried() {
        let carried = header.steps.indices.filter { step in
            guard header.steps[step].doneUnlessNeedsRun != nil else { return false }
            return steps[step].standing == .notReached || steps[step].standing == .skipped
        }
        guard !carried.isEmpty else { return }
        var dependents = [[Int]](repeating: [], count: steps.count)
        for (step, header) in header.steps.enumerated() {
            for needed in header.dependencies where dependents.indices.contains(Int(needed)) {
                dependents[Int(needed)].append(step)
            }
        }
        let isOpen = Set(carried)
        var open = steps.indices.filter { steps[$0].hasEffect }
        var reached: Set<Int> = []
        while let step = open.popLast() {
            for dependent in dependents[step]
            where isOpen.contains(dependent) || steps[dependent].standing == .notSelected
                || steps[dependent].standing == .skippedByDecision
            {
                if reached.insert(dependent).inserted { open.append(dependent) }
            }
        }
        for step in carried where !reached.contains(step) {
            if let done = header.steps[step].doneUnlessNeedsRun {
                steps[step].standing = .done(done)
            }
        }
    }

    /// How far the step of this id came; nil where the run had no such step.
    public func standing(of id: String) -> Standing? {
        indices[id].map { standing(at: $0) }
    }

    /// How far a step came, by its index in the run's own header.
    public func standing(at index: Int) -> Standing {
        let step = steps[index]
        if case .done = step.standing, step.sawInputsChange { return .doneFromMovingInputs }
        return step.standing
    }

    /// Whether the run came to its end: nothing is left that failed and was not decided about, or that
    /// it did not come to.
    private var isOver: Bool {
        guard end != .complete else { return true }
        return end == .failed
            && !steps.contains { step in
                switch step.standing {
                case .failed: step.decision != .proceed && !step.hasEffect
                case .notReached, .inFlight, .aborted, .skipped: true
                default: false
                }
            }
    }

    /// What was decided about steps and still holds when the run is gone on with: where it stopped
    /// before its end, for the next decision, by a halt or otherwise, nobody is to decide anew.
    public var standingDecisions: [StepDecision] {
        guard !isOver else { return [] }
        return steps.indices.compactMap { index in
            guard let decision = steps[index].decision, decision == .skip || decision == .proceed
            else { return nil }
            return StepDecision(StepID(header.steps[index].id), decision)
        }
    }

    private mutating func take(_ kind: RunEvent.Kind) {
        if let step = kind.step, !steps.indices.contains(step) { return }
        switch kind {
        case .launched(let step, _, _, _):
            hasLaunched = true
            steps[step] = Trace(standing: .inFlight)
        case .started(let step, _, _, let basis):
            if steps[step].standing == .inFlight { steps[step].basis = basis }
        case .inputsChanged(let step, _):
            steps[step].sawInputsChange = true
        case .attemptFailed(let step, _):
            guard steps[step].standing == .inFlight else { return }
            steps[step].standing = .failed
            steps[step].awaitsAttempt = true
        case .decided(let step, let decision):
            steps[step].decision = decision
        case .reviewWanted(let step):
            // Its last attempt had failed, whatever was or was not decided then.
            steps[step].standing = .failed
        case .ended(let step, let end):
            takeEnd(end, of: step)
        case .skipped(let step, .doneEarlier(let run, let basis)):
            steps[step].standing = .done(DoneEarlier(run: run, basis: basis))
        case .skipped(let step, .upToDate(let run)):
            steps[step].standing = .done(DoneEarlier(run: run))
        case .skipped(let step, .unchanged):
            steps[step].standing = .done(DoneEarlier(run: header.runID))
        case .skipped(let step, let reason):
            switch reason {
            case .notSelected: steps[step].standing = .notSelected
            case .decided: steps[step].standing = .skippedByDecision
            case .conditionFalse: steps[step].standing = .conditionFalse
            default: steps[step].standing = .skipped
            }
        case .skippedTogether:
            for part in kind.parts { take(part) }
        case .runEnded(let status):
            end = status
        default:
            break
        }
    }

    /// Only the end of what was launched counts, and only the first; but what failed before it could
    /// be launched has failed, and what was stopped between two attempts was stopped.
    private mutating func takeEnd(_ end: StepEnd, of step: Int) {
        switch steps[step].standing {
        case .inFlight:
            steps[step].standing = standing(after: end, basis: steps[step].basis)
            steps[step].hasEffect = end.status == .complete || end.isAllowed
        case .failed where steps[step].awaitsAttempt && end.status == .aborted:
            steps[step].standing = .aborted
        case .notReached where end.status == .failed:
            steps[step].standing = .failed
        case .notReached where end.status == .cached:
            steps[step].standing = .done(DoneEarlier(run: header.runID))
            steps[step].hasEffect = true
        default:
            return
        }
    }

    private func standing(after end: StepEnd, basis: StepBasis?) -> Standing {
        switch end.status {
        case .complete: .done(DoneEarlier(run: header.runID, basis: basis))
        case .aborted: .aborted
        case .skipped: .skipped
        case .failed, .cached, .pending, .running: .failed
        }
    }
}
