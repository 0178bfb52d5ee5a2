public import WorkflowModel

/// Finds the workflow that is meant, reads it, and checks it: read, decode, validate.
public enum WorkflowLoader {
    /// Where the file of a workflow lies that is one plain file, without links, and its project.
    ///
    /// Nil for any other: what it is made of is known only when it is loaded.
    public static func place(
        path: String?, from directory: String
    ) -> (file: String, root: String)? {
        guard let named = path ?? WorkflowSearch.nearest(to: directory), !named.isEmpty,
            !named.utf8.contains(0)
        else { return nil }
        let absolute = named.hasPrefix("/") ? named : directory + "/" + named
        guard FileKind(absolute) == .regular, !absolute.lowercased().hasSuffix(".md"),
            let file = PathText.resolved(absolute),
            let root = PathText.resolved(PathText.parent(of: absolute)),
            PathText.parent(of: file) == root, StepFolder.directory(ofSettings: absolute) == nil
        else { return nil }
        return (file, root)
    }

    /// Loads the named workflow, or the nearest one.
    /// - Parameters:
    ///   - path: A file or a directory of step files, as typed after `-f`; nil to look for one.
    ///   - workingDirectory: Where relative paths and the search begin; absolute.
    ///   - earlier: What a workflow file, absolute and free of links, was at the time that is meant;
    ///     step files are read as they are now. Nil for now.
    /// - Returns: What was found, with every mistake of all files in it.
    public static func load(
        path: String?, workingDirectory: String, earlier: ((String) -> FileAtRevision)? = nil
    ) -> LoadedWorkflow {
        var loading = Loading(workingDirectory: workingDirectory, earlier: earlier)
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
    /// What stands in the files where a secret may stand, also where they cannot be parsed.
    public var secretTexts: [[UInt8]] = []
    /// Names that the files list as secret, also where that cannot be parsed.
    public var secretNames: [String] = []
    /// Those of ``files`` that are no step files, by index: absolute and free of links.
    public var workflowFiles: [Int: String]
    /// The directory that steps run in, absolute and free of links; the working directory where no workflow was found.
    public var projectRoot: String
    /// The file or directory that was loaded, as messages show it; nil where none was found.
    public var path: String?
    /// Its name in the project root, the same however it was typed; nil where none was found.
    ///
    /// It tells the workflows of a project apart: their runs, and what is known of their steps. A link
    /// to another file of the root is that file; a link that leads elsewhere goes by its own name.
    public var workflowFile: String?
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
