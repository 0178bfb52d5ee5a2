public import WorkflowModel

/// Finds a workflow, reads it, and checks it: read, decode, validate.
public enum WorkflowLoader {
    /// Loads the named workflow, or the nearest one.
    /// - Parameters:
    ///   - path: A file or a directory of step files, as typed after `-f`; nil to search for one.
    ///   - workingDirectory: The base of relative paths and the start of the search; absolute.
    ///   - earlier: Returns a workflow file (absolute, free of links) at the requested time; step
    ///     files are read as they are now. Nil for now.
    ///   - snapshots: What an earlier start has kept; nil to parse in any case.
    /// - Returns: What was found, with every mistake of all files in it.
    public static func load(
        path: String?, workingDirectory: String, earlier: ((String) -> FileAtRevision)? = nil,
        snapshots: WorkflowSnapshots? = nil
    ) -> LoadedWorkflow {
        let snapshots = earlier == nil ? snapshots : nil
        var loading = Loading(workingDirectory: workingDirectory, earlier: earlier)
        if let clock = snapshots?.clock { loading.sources.clock = clock }
        guard let path = path ?? WorkflowSearch.nearest(to: workingDirectory) else {
            loading.report(
                .error(
                    "there is neither a `workflow.toml` nor a directory `steps/` here or above",
                    help: "name a workflow with `-f PATH`, or write one with `stepvisor init`"))
            return loading.result
        }
        let entry: WorkflowEntry
        do throws(WorkflowEntry.Refusal) {
            entry = try WorkflowEntry(path, from: workingDirectory)
        } catch {
            loading.report(error.diagnostic)
            return loading.result
        }
        if let known = snapshots?.loadSteps(around: entry, from: workingDirectory) { return known }
        let meant = entry.withItsSteps(from: workingDirectory)
        if let known = snapshots?.load(meant) { return known }
        loading.load(meant)
        return loading.result
    }
}

/// The result of loading.
public struct LoadedWorkflow: Sendable {
    /// The workflow and its graph; nil exactly when one of the diagnostics is an error.
    public var resolved: ResolvedWorkflow?
    /// What could be decoded, even if it is not valid.
    public var workflow: Workflow
    /// All diagnostics, in the order of the files' text.
    public var diagnostics: [Diagnostic]
    /// The files that were read, for showing places.
    public var files: SourceTable
    /// Texts in the files that may be secrets, even in files that cannot be parsed.
    public var secretTexts: [[UInt8]] = []
    /// Names that the files list as secret, even in files that cannot be parsed.
    public var secretNames: [String] = []
    /// The entries of ``files`` that are not step files, by index: absolute and free of links.
    public var workflowFiles: [Int: String]
    /// The directory in which steps run, absolute and free of links; the working directory when no
    /// workflow was found.
    public var projectRoot: String
    /// The file or directory that was loaded, as messages show it; nil when none was found.
    public var path: String?
    /// Its name in the project root, the same however it was typed; nil when none was found.
    ///
    /// It distinguishes the workflows of a project: their runs, and the state of their steps. A
    /// link to another file of the root stands for that file; a link out of the root keeps its own
    /// name.
    public var workflowFile: String?
    /// What is worth keeping for the next start; nil where there is nothing new, or something to say.
    var pendingSnapshot: PendingSnapshot?
}

/// Where a workflow is searched for when none is named.
enum WorkflowSearch {
    static let fileName = "workflow.toml"
    static let directoryName = "steps"

    /// The nearest directory, from the given one upwards, that has a workflow file or a step
    /// directory; the file wins.
    static func nearest(to directory: String) -> String? {
        var directory = directory
        while true {
            let base = directory == "/" ? "" : directory
            // A file that cannot be read counts as found, so that the error names it.
            switch FileKind(base + "/" + fileName) {
            case .missing, .directory: break
            default: return base + "/" + fileName
            }
            if FileKind(base + "/" + directoryName) == .directory {
                return base + "/" + directoryName
            }
            guard !base.isEmpty else { return nil }
            directory = PathText.parent(of: base)
        }
    }
}
