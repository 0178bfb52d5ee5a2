import Platform
import WorkflowModel

/// How messages name a file, told from how the user named the workflow: that depends on where the user
/// stands, and is no part of what was loaded.
struct SourceName: Hashable, Sendable {
    enum Form: UInt8, Sendable {
        /// The workflow file itself: as it was typed.
        case typed
        /// In the directory of step files that was typed.
        case inside
        /// From the directory of the workflow file, or in that of step files, without `.` and `..`.
        case relative
    }

    var form: Form
    /// From the directory that holds the workflow file, or from that of step files.
    var path: String

    /// - Parameters:
    ///   - entry: How messages name the workflow.
    ///   - isDirectory: Whether that is a directory of step files.
    /// - Returns: How messages name this file.
    func shown(from entry: String, isDirectory: Bool) -> String {
        let directory = isDirectory ? entry : PathText.parent(of: entry)
        return switch form {
        case .typed: entry
        case .inside: PathText.joined(directory, path)
        case .relative: PathText.collapsed(PathText.joined(directory, path))
        }
    }
}

/// All that loading a workflow has read: as long as it is the same, so is what comes of it.
///
/// Nothing else takes part: neither the environment nor the user nor the working directory, which only
/// decides how messages name the files (``SourceName``).
struct LoadTrace: Hashable, Sendable {
    /// A file that was read, a workflow file or a step file; they are in the order of ``SourceTable/files``.
    struct File: Hashable, Sendable {
        /// The path that was looked up, and where it led.
        var place: Place
        var stamp: FileStamp
        /// When it was read, in nanoseconds since 1970.
        var observedAt: Int64
        var name: SourceName
        /// Whether steps are declared in it, rather than that it is one.
        var isWorkflow: Bool
    }

    /// A directory whose names were read.
    struct Directory: Hashable, Sendable {
        var place: Place
        /// Sorted.
        var names: [String]
    }

    /// What lies in such a directory and is not read, as long as it is of this kind.
    struct Bystander: Hashable, Sendable {
        var path: String
        var kind: FileKind
        var isExecutable: Bool

        init(path: String, kind: FileKind) {
            self.init(
                path: path, kind: kind,
                isExecutable: kind == .regular && FileKind.isExecutable(path))
        }

        init(path: String, kind: FileKind, isExecutable: Bool) {
            self.path = path
            self.kind = kind
            self.isExecutable = isExecutable
        }

        var isTheSame: Bool { self == Bystander(path: path, kind: FileKind(path)) }
    }

    /// An absolute path that does not depend on the working directory, and the same without links.
    struct Place: Hashable, Sendable {
        var path: String
        var resolved: String
        /// Whether the directory of ``path`` has no links itself.
        var isListed = false
    }

    private(set) var files: [File] = []
    private(set) var directories: [Directory] = []
    private(set) var bystanders: [Bystander] = []
    /// False once something was read that cannot be compared later.
    private(set) var isComplete = true

    init() {}

    init(files: [File], directories: [Directory], bystanders: [Bystander]) {
        self.files = files
        self.directories = directories
        self.bystanders = bystanders
    }

    mutating func add(
        _ reading: FileReading, at place: Place, named name: SourceName, isWorkflow: Bool
    ) {
        guard let stamp = reading.stamp else {
            isComplete = false
            return
        }
        files.append(
            File(
                place: place, stamp: stamp, observedAt: reading.observedAt, name: name,
                isWorkflow: isWorkflow))
    }

    mutating func add(_ directory: Directory) { directories.append(directory) }

    mutating func add(_ bystander: Bystander) { bystanders.append(bystander) }
}

/// The files that loading has read, for messages, and how to tell later whether they are the same.
struct LoadedSources {
    var table = SourceTable()
    var trace = LoadTrace()
    /// When something is read, in nanoseconds since 1970; 0, at which no file is old enough to be known
    /// by its stamp, where nothing is kept.
    var clock: @Sendable () -> Int64 = { 0 }

    /// Adds a file, and returns the index that its ranges carry.
    mutating func add(
        _ reading: FileReading, shown: String, at place: LoadTrace.Place, named name: SourceName,
        isWorkflow: Bool
    ) -> Int {
        trace.add(reading, at: place, named: name, isWorkflow: isWorkflow)
        return table.add(SourceFile(path: shown, bytes: reading.bytes))
    }
}
