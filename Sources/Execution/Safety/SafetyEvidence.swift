public import WorkflowModel

/// What the recorded runs of a workflow prove.
public struct SafetyEvidence: Hashable, Sendable {
    /// Whether the workflow has been run one step at a time.
    public enum SequentialTest: Hashable, Sendable {
        /// No sequential run is on record.
        case none
        /// This sequential run succeeded.
        case passed(run: String)
        /// The latest sequential run does not count, and why: a clause.
        case rejected(run: String, why: String)
    }

    /// Whether the files of a run can be read again.
    public enum Logging: Hashable, Sendable {
        /// No run has ended yet.
        case none
        /// The latest ended run has a journal with this many events, and a record that agrees with
        /// it.
        case whole(run: String, events: Int)
        /// A mistake in its files: a clause.
        case broken(run: String, why: String)
    }

    /// From runs with one step at a time.
    public var sequentialTest: SequentialTest
    /// From journal and record.
    public var logging: Logging

    /// The evidence.
    public init(sequentialTest: SequentialTest = .none, logging: Logging = .none) {
        self.sequentialTest = sequentialTest
        self.logging = logging
    }
}

extension SafetyEvidence.SequentialTest {
    /// What one run proves; nil for a parallel run, which proves nothing here.
    ///
    /// - Parameters:
    ///   - run: The run, as its journal records it.
    ///   - resolved: The current workflow.
    ///   - isUnchanged: Whether a step would still start from the same inputs as in the run.
    ///   - modeOfRun: Whether another run was parallel; nil when unknown.
    public init?(
        _ run: EarlierRun, of resolved: ResolvedWorkflow,
        isUnchanged: (_ step: Int, _ basis: StepBasis) -> Bool,
        modeOfRun: (String) -> ExecutionMode?
    ) {
        guard run.header.mode == .sequential else { return nil }
        let id = run.header.runID
        if let why = Self.objection(
            to: run, of: resolved, isUnchanged: isUnchanged, modeOfRun: modeOfRun)
        {
            self = .rejected(run: id, why: why)
        } else {
            self = .passed(run: id)
        }
    }

    private static func objection(
        to run: EarlierRun, of resolved: ResolvedWorkflow,
        isUnchanged: (_ step: Int, _ basis: StepBasis) -> Bool,
        modeOfRun: (String) -> ExecutionMode?
    ) -> String? {
        guard let end = run.end else { return "it has not ended" }
        guard end == .complete else { return "it ended as \(end.rawValue)" }
        let steps = resolved.workflow.steps
        let now = Set(steps.map(\.id.rawValue))
        if let gone = run.header.steps.first(where: { !now.contains($0.id) }) {
            return "it had a step `\(gone.id)`, which there is no more"
        }
        var changed: [String] = []
        for (index, step) in steps.enumerated() {
            let id = step.id.rawValue
            guard let standing = run.standing(of: id) else { return "it had no step `\(id)`" }
            switch standing {
            case .done(let done):
                if done.run != run.header.runID, modeOfRun(done.run) != .sequential {
                    return "`\(id)` had been done in run \(done.run), which was not sequential"
                }
                if let basis = done.basis, !isUnchanged(index, basis) { changed.append(id) }
            // An allowed failure is an end as declared, and so is a false condition.
            case .doneFromMovingInputs, .failed, .conditionFalse: break
            case .notSelected: return "`\(id)` was left out of it"
            case .skippedByDecision: return "somebody decided to skip `\(id)`"
            case .skipped, .aborted, .inFlight, .notReached: return "`\(id)` did not run in it"
            }
        }
        guard let first = changed.first else { return nil }
        let others = changed.count > 1 ? " and \(changed.count - 1) more" : ""
        return "since then `\(first)`\(others) was changed"
    }
}

extension SafetyEvidence.Logging {
    /// What the files of one run prove; nil for a run that has not ended, which proves nothing yet.
    ///
    /// - Parameters:
    ///   - journal: The journal that was read.
    ///   - document: The bytes of its `progress.json`; nil without that file.
    public init?(journal: Journal, document: [UInt8]?) {
        let record = journal.record
        let run = journal.header.runID
        guard record.endedAt != nil else { return nil }
        if let problem = journal.problems.first {
            self = .broken(run: run, why: "in its journal \(problem.message)")
        } else if let why = Self.disagreement(of: document, with: record) {
            self = .broken(run: run, why: why)
        } else {
            self = .whole(run: run, events: journal.events.count)
        }
    }

    private static func disagreement(
        of document: [UInt8]?, with record: RunRecord
    ) -> String? {
        guard let document else { return "it has no `progress.json`" }
        let value = document.withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            return reader.document()
        }
        guard case .object(let members)? = value else {
            return "its `progress.json` is not whole"
        }
        guard members.text("run_id") == record.header.runID,
            members.text("status") == record.status.rawValue
        else { return "its `progress.json` speaks of another end than its journal" }
        var left = Dictionary(
            zip(record.header.steps.map(\.id), record.steps.map(\.status.rawValue)),
            uniquingKeysWith: { first, _ in first })
        for phase in objects(in: members, "tasks").flatMap({ objects(in: $0, "phases") }) {
            for (id, status) in ends(in: phase) where left.removeValue(forKey: id) != status {
                return "its `progress.json` has other steps, or other ends, than its journal"
            }
        }
        return left.isEmpty ? nil : "its `progress.json` leaves out steps of its journal"
    }

    /// The steps of a phase, each with its status; an empty text stands for what cannot be read.
    private static func ends(in phase: JSONMembers) -> [(id: String, status: String)] {
        let ids = phase.array("steps_in_phase") ?? []
        let together = objects(in: phase, "skipped_together").flatMap { group in
            let positions = StepRanges(group, "positions", below: ids.count)
            return positions?.map { position -> (String, String) in
                guard case .string(let id) = ids[position] else { return ("", "") }
                return (id, group.text("status") ?? "")
            } ?? [("", "")]
        }
        return together
            + objects(in: phase, "steps").map {
                ($0.text("step_id") ?? "", $0.text("status") ?? "")
            }
    }

    private static func objects(in members: JSONMembers, _ name: String) -> [JSONMembers] {
        (members.array(name) ?? []).compactMap { value in
            if case .object(let members) = value { members } else { nil }
        }
    }
}
