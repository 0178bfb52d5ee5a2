public import WorkflowModel

/// One reason why a step has to run, with what exactly differs.
public struct RunReason: Hashable, Sendable {
    /// What kind of reason; the raw values are the words of journal and `progress.json`.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// It never ended well, as far as there is a memory.
        case neverSucceeded = "never_succeeded"
        /// Nothing is known of a success: nothing was kept, or it is gone.
        case successUnknown = "success_unknown"
        /// It ended well when it did not say what it reads.
        case inputsUndeclared = "inputs_undeclared"
        /// It was started, and did not end well since.
        case interrupted
        /// A run that goes on has started it: subject the run.
        case running
        /// `--force`.
        case forced
        /// `forget`.
        case forgotten
        /// It does not declare what it reads.
        case noInputs = "no_inputs"
        /// It changes files in place: what it has done to them cannot be told from what it found.
        case modifiesFiles = "modifies_files"
        /// A step that runs changes its output in place: subject path, change the step's id.
        case outputModified = "output_modified"
        /// It runs at the end of every run.
        case always
        /// Files that it reads: subject path, change `edited`, `new`, `removed`, `retyped`,
        /// `mode`.
        case inputsChanged = "inputs_changed"
        /// They changed while it ran: subject path, change as above; empty where nobody knows which.
        case inputsMoved = "inputs_moved"
        case inputsUnreadable = "inputs_unreadable"
        case commandChanged = "command_changed"
        /// A key of the workflow: subject its name.
        case settingChanged = "setting_changed"
        /// A variable: subject its name.
        case environmentChanged = "environment_changed"
        /// What a tool says of itself: subject its command.
        case toolChanged = "tool_changed"
        /// A tool gave no answer: subject its command, change why.
        case toolSilent = "tool_silent"
        /// Another step produced something else: subject its id.
        case dependencyDiffers = "dependency_differs"
        /// Another step produced something, and nobody knows what: subject its id.
        case dependencyUnknown = "dependency_unknown"
        /// It ended well, and what it read or wrote could not be read.
        case basisUnknown = "basis_unknown"
        case outputMissing = "output_missing"
        case outputChanged = "output_changed"
        /// A file differs from a revision: subject path, `old` the revision.
        case changedSince = "changed_since"
        /// Another step runs, and nothing is known of what it will produce: subject its id.
        case dependencyRuns = "dependency_runs"
        /// A condition asks for what it wrote to `STEPVISOR_OUTPUT`: subject the step that has it.
        case resultMissing = "result_missing"
        /// What was known cannot be read.
        case stateUnreadable = "state_unreadable"
    }

    /// One thing that differs.
    public struct Detail: Hashable, Sendable {
        /// What it is: a path, a name, an id.
        public var subject: String
        /// How it differs, in a word.
        public var change: String?
        /// What it was.
        public var old: String?
        /// What it is now.
        public var new: String?

        /// A thing that differs.
        public init(
            _ subject: String, change: String? = nil, old: String? = nil, new: String? = nil
        ) {
            self.subject = subject
            self.change = change
            self.old = old
            self.new = new
        }
    }

    /// What kind of reason.
    public var kind: Kind
    /// What differs; may be empty.
    public var details: [Detail]
    /// How many more differ than ``details`` tells.
    public var omitted: Int

    /// Most details that a cause keeps: the rest is counted.
    public static let maxDetails = 20

    /// A reason with all that differs, of which the first ``maxDetails`` are kept.
    public init(_ kind: Kind, _ details: [Detail] = [], omitted: Int = 0) {
        self.kind = kind
        self.details = Array(details.prefix(RunReason.maxDetails))
        self.omitted = omitted + max(0, details.count - RunReason.maxDetails)
    }
}

extension RunReason {
    /// The reason as a clause for people; what it names is not neutralised.
    public var text: String {
        switch kind {
        case .neverSucceeded: "never succeeded"
        case .successUnknown: "no success is known"
        case .inputsUndeclared: "its `inputs` were not declared when it last succeeded"
        case .interrupted: "did not end well when it last ran"
        case .running: "is running in run \(listed)"
        case .forced: "forced"
        case .forgotten: "forgotten by `stepvisor forget`"
        case .noInputs: "declares no `inputs`"
        case .modifiesFiles: "changes files in place (`modifies`)"
        case .outputModified: "output is changed in place by another step: \(listed)"
        case .always: "runs at the end of every run"
        case .inputsChanged: "inputs changed: \(listed)"
        case .inputsMoved:
            "inputs changed while it ran" + (details.isEmpty ? "" : ": \(listed)")
        case .inputsUnreadable: "inputs cannot be read: \(listed)"
        case .commandChanged: "command changed: \(exchanged)"
        case .settingChanged: "setting changed: \(exchanged)"
        case .environmentChanged: "environment changed: \(exchanged)"
        case .toolChanged: "tool changed: \(exchanged)"
        case .toolSilent: "no answer from the tool \(listed)"
        case .dependencyDiffers:
            "\(details.count > 1 ? "dependencies" : "dependency") \(listed)"
                + " produced a different result"
        case .dependencyUnknown:
            "\(details.count > 1 ? "dependencies" : "dependency") \(listed)"
                + " produced nothing that is known"
        case .basisUnknown: "what it read or wrote could not be read when it last ran"
        case .outputMissing: "output missing: \(listed)"
        case .outputChanged: "output is not as it was left: \(listed)"
        case .changedSince:
            "changed since \(details.first?.old ?? "the revision"): \(listed)"
        case .dependencyRuns: "needs \(listed), which \(details.count > 1 ? "run" : "runs")"
        case .resultMissing: "its result is not here, and a condition asks for it: \(listed)"
        case .stateUnreadable: "what was known of it cannot be read"
        }
    }

    private var listed: String {
        var parts = details.map { detail in
            detail.subject + (detail.change.map { " (\($0))" } ?? "")
        }
        if omitted > 0 { parts.append("and \(omitted) more") }
        return parts.joined(separator: ", ")
    }

    /// `name: old → new`; a name that stands for itself is left out.
    private var exchanged: String {
        var parts = details.map { detail -> String in
            let name = detail.subject.isEmpty ? "" : detail.subject + ": "
            return switch (detail.old, detail.new) {
            case (let old?, let new?): "\(name)\(old) → \(new)"
            case (nil, let new?): "\(name)(none) → \(new)"
            case (let old?, nil): "\(name)\(old) → (none)"
            case (nil, nil): detail.subject
            }
        }
        if omitted > 0 { parts.append("and \(omitted) more") }
        return parts.joined(separator: "; ")
    }
}

extension RunReason {
    /// Files that changed while a step ran: the first three, and how many more.
    public static func moved(_ files: [Detail]) -> RunReason {
        RunReason(.inputsMoved, Array(files.prefix(3)), omitted: max(0, files.count - 3))
    }

    /// Why a step runs in every smart run, whatever is known of it; nil where that decides.
    public static func standing(of step: Step) -> RunReason? {
        if !step.modifies.isEmpty { return RunReason(.modifiesFiles) }
        return step.declaresInputs ? nil : RunReason(.noInputs)
    }
}

extension Sequence<RunReason> {
    /// All reasons in one line.
    public var text: String { map(\.text).joined(separator: "; ") }
}
