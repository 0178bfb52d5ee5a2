import WorkflowModel

/// The file or directory that is meant, before anything of it is read.
struct WorkflowEntry {
    /// Why a path names no workflow.
    struct Refusal: Error {
        var diagnostic: Diagnostic
    }

    /// The path without the working directory; that of a directory is without links, too.
    let absolute: String
    /// As messages show it.
    let shown: String
    /// Whether it is a directory of step files.
    let isDirectory: Bool

    /// - Parameters:
    ///   - path: As typed.
    ///   - workingDirectory: Where it begins when it is relative; absolute.
    /// - Throws: The reason why the path names no workflow.
    init(_ path: String, from workingDirectory: String) throws(Refusal) {
        // NUL would cut the path off before the system sees the rest.
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw Refusal(diagnostic: FileProblem(path, .invalidName).diagnostic)
        }
        let typed = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        do throws(MarkdownFile) {
            let (file, shown) = try MarkdownFile.replacing(
                typed, shown: PathText.shown(path, from: workingDirectory))
            let isDirectory = FileKind(file) == .directory
            self.init(
                absolute: isDirectory ? PathText.resolved(file) ?? file : file, shown: shown,
                isDirectory: isDirectory)
        } catch {
            throw Refusal(diagnostic: .error(error.message, help: error.help))
        }
    }

    private init(absolute: String, shown: String, isDirectory: Bool) {
        self.absolute = absolute
        self.shown = shown
        self.isDirectory = isDirectory
    }

    /// A directory of step files.
    init(directory: String, from workingDirectory: String) {
        self.init(
            absolute: directory, shown: PathText.shown(directory, from: workingDirectory),
            isDirectory: true)
    }

    /// The directory that holds it, without links where it exists.
    var parent: String {
        let parent = PathText.parent(of: absolute)
        return PathText.resolved(parent) ?? parent
    }

    /// The directory of step files whose settings this file is, by its names alone; nil for any other.
    var possibleStepDirectory: String? {
        guard !isDirectory, PathText.name(of: absolute) == WorkflowSearch.fileName,
            let directory = PathText.resolved(PathText.parent(of: absolute)),
            PathText.name(of: directory) == WorkflowSearch.directoryName
        else { return nil }
        return directory
    }

    /// The directory of step files whose settings this file is; itself for any other.
    ///
    /// Reads those files.
    func withItsSteps(from workingDirectory: String) -> WorkflowEntry {
        guard possibleStepDirectory != nil,
            let directory = StepFolder.directory(ofSettings: absolute)
        else { return self }
        return WorkflowEntry(directory: directory, from: workingDirectory)
    }

    // MARK: Snapshots

    /// Where its snapshot is kept, once its project is known.
    func place(inProject root: String) -> SnapshotPlace {
        let name = isDirectory && root == absolute ? "." : PathText.name(of: absolute)
        return SnapshotPlace(root: root, name: name, isDirectory: isDirectory)
    }

    /// Where its snapshot may be kept.
    ///
    /// A directory belongs to the one above it, or is a project of its own.
    var places: [SnapshotPlace] {
        (isDirectory ? [parent, absolute] : [parent]).map(place(inProject:))
    }
}
