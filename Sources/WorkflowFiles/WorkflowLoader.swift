public import WorkflowModel

/// Finds the workflow that is meant, reads it, and checks it: read, decode, validate.
public enum WorkflowLoader {
    /// Loads the named workflow, or the nearest one.
    /// - Parameters:
    ///   - path: A file or a directory of step files, as typed after `-f`; nil to look for one.
    ///   - workingDirectory: Where relative paths and the search begin; absolute.
    /// - Returns: What was found, with every mistake of all files in it.
    public static func load(path: String?, workingDirectory: String) -> LoadedWorkflow {
        var loading = Loading(workingDirectory: workingDirectory)
        if let path {
            loading.load(path)
        } else if let found = WorkflowSearch.nearest(to: workingDirectory) {
            loading.load(found)
        } else {
            loading.report(
                .error(
                    "there is neither a `workflow.toml` nor a directory `steps/` here or above",
                    help: "name a workflow with `-f PATH`, or write one with `stepvisor init`"))
        }
        return loading.result
    }
}

/// What loading gave.
public struct LoadedWorkflow: Sendable {
    /// The workflow and its graph; nil exactly when one of the diagnostics is an error.
    public var resolved: ResolvedWorkflow?
    /// What could be decoded, also where it is not valid.
    public var workflow: Workflow
    /// All that is wrong or worth saying, in the order of the files' text.
    public var diagnostics: [Diagnostic]
    /// The files that were read, for showing places.
    public var files: SourceTable
    /// The directory that steps run in, absolute and free of links; the working directory where no workflow was found.
    public var projectRoot: String
    /// The file or directory that was loaded, as messages show it; nil where none was found.
    public var path: String?
}

/// Where a workflow is looked for when none is named.
enum WorkflowSearch {
    static let fileName = "workflow.toml"
    static let directoryName = "steps"

    /// The nearest directory, from the given one upwards, that has either; the file wins.
    static func nearest(to directory: String) -> String? {
        var directory = directory
        while true {
            let base = directory == "/" ? "" : directory
            // A file that cannot be read is found too, so that the error names it.
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

/// The passes of loading, and what they have found so far.
private struct Loading {
    private let workingDirectory: String
    private var files = SourceTable()
    private var diagnostics: [Diagnostic] = []
    private var decoder = WorkflowDecoder(defaultName: "")
    private var projectRoot: String
    private var shownPath: String?
    /// Whether there is something to validate.
    private var isRead = false

    init(workingDirectory: String) {
        self.workingDirectory = workingDirectory
        projectRoot = workingDirectory
    }

    mutating func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

    mutating func load(_ path: String) {
        // NUL would cut the path off before the system sees the rest.
        guard !path.isEmpty, !path.utf8.contains(0) else {
            report(FileProblem(path, .invalidName).diagnostic)
            return
        }
        let absolute = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        let shown = PathText.shown(path, from: workingDirectory)
        shownPath = shown
        if FileKind(absolute) == .directory {
            loadDirectory(PathText.resolved(absolute) ?? absolute, shown: shown)
        } else {
            let parent = PathText.parent(of: absolute)
            setRoot(PathText.resolved(parent) ?? parent)
            loadFile(absolute, shown: shown)
        }
    }

    private mutating func setRoot(_ root: String) {
        projectRoot = root
        decoder = WorkflowDecoder(defaultName: PathText.name(of: root))
    }

    private mutating func loadFile(_ path: String, shown: String) {
        let bytes: [UInt8]
        do throws(FileProblem) {
            bytes = try FileInput.read(path)
        } catch {
            report(FileProblem(shown, error.reason).diagnostic)
            return
        }
        let file = files.add(SourceFile(path: shown, bytes: bytes))
        let (table, problems) =
            path.hasSuffix(".json")
            ? JSONReader.read(bytes, file: file) : TOMLReader.read(bytes, file: file)
        diagnostics += problems
        decoder.add(table, isWhole: !problems.contains { $0.severity == .error })
        isRead = true
    }

    private mutating func loadDirectory(_ directory: String, shown: String) {
        guard let names = DirectoryListing.names(in: directory) else {
            report(
                .error(
                    "the directory `\(shown)` cannot be read",
                    help: "give yourself the right to read it: `chmod u+rx \(shown)`"))
            return
        }
        let settings = directory + "/" + WorkflowSearch.fileName
        let hasSettings = names.contains(WorkflowSearch.fileName)
        let shownSettings = PathText.joined(shown, WorkflowSearch.fileName)
        let folder = StepFolder(
            directory: directory, shown: shown, root: PathText.parent(of: directory), names: names)
        let found = folder.read(into: &files)
        // A directory with nothing but a workflow file is that file's project.
        setRoot(found.steps.isEmpty && hasSettings ? directory : folder.root)
        diagnostics += found.diagnostics
        for step in found.steps {
            decoder.addStepFile(
                header: step.header.table, id: step.id, script: step.script,
                range: step.header.range)
        }
        if hasSettings {
            loadFile(settings, shown: shownSettings)
        } else if found.steps.isEmpty {
            if !found.diagnostics.contains(where: { $0.severity == .error }) {
                report(
                    .error(
                        "`\(shown)` holds neither a step file nor a `workflow.toml`",
                        help: "a step file begins with comments that hold `# /// step`, its keys "
                            + "and `# ///`"))
            }
            return
        }
        isRead = true
    }

    var result: LoadedWorkflow {
        let (workflow, problems) = decoder.finish()
        var all = diagnostics + problems
        var resolved: ResolvedWorkflow?
        if isRead {
            // A file that could not be understood has no steps, or not those that others name,
            // which need not be said too.
            let isUnderstood =
                !decoder.hasLostSteps
                && (!workflow.steps.isEmpty || !all.contains { $0.severity == .error })
            if isUnderstood {
                let result = WorkflowValidator.resolve(workflow)
                resolved = result.workflow
                all += result.diagnostics
            }
        }
        if all.contains(where: { $0.severity == .error }) { resolved = nil }
        return LoadedWorkflow(
            resolved: resolved, workflow: workflow, diagnostics: all.sortedByPlace(),
            files: files, projectRoot: projectRoot, path: shownPath)
    }
}
