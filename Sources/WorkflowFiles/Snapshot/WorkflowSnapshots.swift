import WorkflowModel

/// Where the snapshot of a workflow is kept.
public struct SnapshotPlace: Hashable, Sendable {
    /// The project root, absolute and without links.
    public let root: String
    /// The name of the workflow's file or directory in it; `.` for the root itself.
    public let name: String
    /// Whether that is a directory of step files.
    public let isDirectory: Bool
}

/// The snapshots of earlier starts, and what is needed to trust them.
public struct WorkflowSnapshots: Sendable {
    /// What tells this program from any other, so that none reads what another has written.
    private let program: String
    let clock: @Sendable () -> Int64
    private let digest: @Sendable ([UInt8]) -> [UInt8]
    private let read: @Sendable (SnapshotPlace) -> [UInt8]?

    /// - Parameters:
    ///   - program: What tells this program from any other: version, place and stamp.
    ///   - clock: The wall clock, in nanoseconds since 1970.
    ///   - digest: A digest of a file's content by which nobody finds another content.
    ///   - read: What is kept at a place; nil where there is nothing, or others may have written it.
    public init(
        program: String, clock: @escaping @Sendable () -> Int64,
        digest: @escaping @Sendable ([UInt8]) -> [UInt8],
        read: @escaping @Sendable (SnapshotPlace) -> [UInt8]?
    ) {
        self.program = program
        self.clock = clock
        self.digest = digest
        self.read = read
    }

    // MARK: Reading

    /// The workflow as it was kept, where all that it was made of is the same; nil in any other case.
    func load(_ entry: WorkflowEntry) -> LoadedWorkflow? {
        for place in entry.places {
            if let known = load(entry, at: place) { return known }
        }
        return nil
    }

    /// The same for the step files around the settings that are meant, without reading any of them.
    func loadSteps(around entry: WorkflowEntry, from workingDirectory: String) -> LoadedWorkflow? {
        guard let directory = entry.possibleStepDirectory else { return nil }
        let steps = WorkflowEntry(directory: directory, from: workingDirectory)
        // Only a directory with step files in it is part of the one above.
        return load(steps, at: steps.place(inProject: steps.parent))
    }

    private func load(_ entry: WorkflowEntry, at place: SnapshotPlace) -> LoadedWorkflow? {
        guard let bytes = read(place) else { return nil }
        return bytes.withUnsafeBytes { buffer in
            guard var file = try? SnapshotFile(buffer), file.isOf(place, program) else {
                return nil
            }
            var check = SourceCheck(clock: clock, digest: digest)
            guard check.isSame(&file.header),
                let resolved = try? ResolvedWorkflow(snapshot: file.workflow)
            else { return nil }
            var loaded = LoadedWorkflow(
                resolved: resolved, workflow: resolved.workflow, diagnostics: [],
                files: file.header.table(of: entry),
                workflowFiles: file.header.workflowFiles, projectRoot: place.root,
                path: entry.shown, workflowFile: file.header.workflowFile)
            if check.isWorthKeeping {
                loaded.pendingSnapshot = PendingSnapshot(
                    place: place, content: .refreshed(file.bytes))
            }
            return loaded
        }
    }

    // MARK: Keeping

    /// What is to be kept of a workflow for the next start; nil where there is nothing new, or messages
    /// are to be shown each time.
    ///
    /// - Parameter loaded: What was loaded, with the text of its files.
    /// - Returns: The place, and the bytes for it.
    public func snapshot(
        of loaded: LoadedWorkflow
    ) -> (place: SnapshotPlace, bytes: [UInt8])? {
        guard let pending = loaded.pendingSnapshot else { return nil }
        switch pending.content {
        case .refreshed(let bytes): return (pending.place, bytes)
        case .parsed(let trace):
            guard let resolved = loaded.resolved, let name = loaded.workflowFile,
                trace.files.count == loaded.files.files.count
            else { return nil }
            let header = SnapshotHeader(
                program: program, place: pending.place, workflowFile: name, trace: trace,
                fileDigests: loaded.files.files.map { digest($0.bytes) },
                directoryDigests: trace.directories.map { digest($0.content) })
            let workflow = resolved.snapshot
            return (pending.place, workflow.withUnsafeBytes { header.file(with: $0) })
        }
    }
}

/// What is to be kept for the next start.
struct PendingSnapshot: Sendable {
    enum Content: Sendable {
        /// The workflow was parsed; this is what was read.
        case parsed(LoadTrace)
        /// The snapshot was used, and its sources need not be read again from now on.
        case refreshed([UInt8])
    }

    var place: SnapshotPlace
    var content: Content
}

extension LoadTrace.Directory {
    /// All names, in one; no name has a slash in it.
    var content: [UInt8] { Self.content(of: names) }

    static func content(of sorted: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in sorted {
            bytes += name.utf8
            bytes.append(UInt8(ascii: "/"))
        }
        return bytes
    }
}
