public import Execution
import FileState
import Platform
import StateStore
import WorkflowModel

/// What the steps of a run left behind, for the run that goes on with it: a record a step.
///
/// `.stepvisor/runs/<id>/left` only grows; a record that a death cut off at the end is none, and where a
/// record is damaged nothing after it is known. A step of which nothing is known is only asked whether
/// its outputs are there.
///
/// ```
/// file    "stepvisor left 2\n" record…
/// record  a ``RecordFrame`` of: id  files
/// ```
enum RunOutputs {
    static let name = "left"
    private static let firstLine = "stepvisor left 2\n"
    private static let forms: [(firstLine: String, form: RecordFrame.Form)] = [
        (firstLine, .marked), ("stepvisor left 1\n", .checked),
    ]

    /// Keeps what a step has left.
    static func keep(
        _ files: [FileRecord], of step: String, in directory: RunDirectory
    ) throws(SystemError) {
        let record = RecordFrame.record { writer in
            writer.text(step)
            writer.files(files)
        }
        let file = try PrivateFile.open(
            name, in: directory.descriptor, flags: O_WRONLY | O_APPEND | O_CREAT, shown: name)
        let start = file.size == 0 ? Array(firstLine.utf8) : []
        try FileBytes.write(start + record, to: file.number, subject: name)
    }

    /// What each step left when it ended last.
    static func read(_ bytes: [UInt8]) -> [String: [FileRecord]] {
        var left: [String: [FileRecord]] = [:]
        RecordFrame.forEach(in: bytes, forms) { reader throws(DamagedBytes) in
            let step = try reader.text()
            left[step] = try reader.files()
        }
        return left
    }
}

/// Tells of steps that ended well in earlier runs whether what they left behind is still so.
public struct LeftOutputs {
    private let plan: RunPlan
    private let root: String
    private let state: StateDirectory?
    private var looker: FileHasher
    /// What the steps of runs have left, as far as it was asked.
    private var runs: [String: [String: [FileRecord]]] = [:]
    private lazy var owners = OutputWriters(plan.resolved.workflow.steps)
    private lazy var revision = RevisionLook(plan: plan, root: root)

    /// For the steps of a plan, in a project whose root is absolute.
    public init(plan: RunPlan, root: String) {
        self.plan = plan
        self.root = root
        state = try? StateDirectory(root: root, create: false)
        looker = FileHasher(root: root)
    }

    /// What speaks against the outputs of a step: declared ones that are not there, and what differs from
    /// what the step left, but for files that other steps declare to write too.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - run: The run in which it ended well.
    /// - Returns: Nothing where all is as it was left.
    public mutating func causes(of step: Int, doneIn run: String) -> [RunReason] {
        guard let patterns = InputPatterns(leftBy: step, of: plan) else { return [] }
        let missing = revision.missingOutputs(of: step)
        guard missing.isEmpty else {
            return [RunReason(.outputMissing, missing.map { .init($0) })]
        }
        let id = plan.resolved.workflow.steps[step].id.rawValue
        guard let left = files(leftIn: run)[id], let now = looker.look(at: patterns, hints: left),
            now.isReadable
        else { return [] }
        let own = { [owners] (file: FileRecord) in !owners.haveOther(than: step, of: file.path) }
        return RunReason.outputs(
            left: left.filter(own).map(\.content), now: now.files.filter(own).map(\.content),
            hasResult: true)
    }

    private mutating func files(leftIn run: String) -> [String: [FileRecord]] {
        if let known = runs[run] { return known }
        let stored = state.flatMap { try? StoredRun(run, in: $0) }
        let found = (try? stored?.read(RunOutputs.name)).map { RunOutputs.read($0) } ?? [:]
        runs[run] = found
        return found
    }
}

extension InputPatterns {
    /// What a step declares to make; nil where it makes nothing.
    ///
    /// What it changes in place may have been changed again since, by itself or by others.
    init?(leftBy step: Int, of plan: RunPlan) {
        let texts = plan.resolved.workflow.steps[step].outputFiles.map(\.text)
        guard !texts.isEmpty,
            let patterns = try? InputPatterns(texts, written: [], followsLinks: false)
        else { return nil }
        self = patterns
    }
}
