public import Execution
public import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A run in which nothing has to run, carried out from what an earlier one of that kind has kept.
///
/// Nothing is parsed, planned or compared but files: when each of them is as it was when a full look
/// found every step up to date, and all else that decides is in the key, so is every step now.
public struct IdleRun {
    private let file: IdleFile
    private let state: StateDirectory
    private let comparison: FileComparison

    /// What such a run needs to have been made for: see ``init(root:key:)``.
    public static let fileName = IdleFile.name

    /// Finds what was kept for a key; nil where there is nothing, or a file has changed since.
    public init?(root: String, key: Digest) {
        guard let state = try? StateDirectory(root: root, create: false),
            let file = IdleFile(in: state, key: key),
            let directory = try? Descriptor.open(root, flags: O_RDONLY | O_DIRECTORY),
            let comparison = FileComparison(
                facts: file.part(.facts).bindMemory(to: UInt64.self),
                starts: file.part(.starts).bindMemory(to: UInt32.self),
                paths: file.part(.paths), in: directory, owner: file)
        else { return nil }
        self.state = state
        self.file = file
        self.comparison = comparison
    }

    /// Whether every file is as it was, by so many processors; asked with the project's lock held.
    public func holds(processors: Int) -> Bool {
        comparison.begin(threads: processors - 1)
        return comparison.holds()
    }

    /// What compares all files of all steps; nil where not every step was looked at when this was kept.
    var wholeComparison: FileComparison? { file.part(.scope).first == 1 ? comparison : nil }

    /// Writes the record of the run.
    ///
    /// - Parameter clock: The run's.
    /// - Returns: The summary's text.
    /// - Throws: What the system said.
    public func record(clock: RunClock) throws(SystemError) -> [UInt8] {
        let directory = try state.makeRun()
        let end = clock.now()
        let values = IdleText.values(
            runID: directory.id, startedAt: clock.startedAt, end: end, pid: getpid(),
            bootID: ProcessTable.bootIdentifier(),
            startTicks: ProcessTable.facts(of: getpid())?.startTicks ?? 0)
        // What is not whole yet is nobody's latest run.
        try directory.replace(RunWriterState.progressName) { append in
            try fill(.progress, .progressMarks, values, append)
        }
        try writeJournal(of: directory, values, end: end)
        try state.pointLatest(at: directory.id)
        let problem = directory.synchronise(JournalFile.name)
        if let problem = problem ?? directory.synchronise(RunWriterState.progressName) {
            throw problem
        }
        var summary: [UInt8] = []
        fill(.summary, .summaryMarks, values) { summary += $0 }
        return summary
    }

    private func fill(
        _ text: IdleFile.Part, _ marks: IdleFile.Part, _ values: [IdleTemplate.Place: [UInt8]],
        _ sink: ([UInt8]) throws -> Void
    ) rethrows {
        try IdleTemplate.fill(
            literal: file.part(text), marks: file.part(marks).bindMemory(to: UInt64.self),
            values: values, to: sink)
    }

    private func writeJournal(
        of directory: RunDirectory, _ values: [IdleTemplate.Place: [UInt8]], end: RunTime
    ) throws(SystemError) {
        let path = "\(directory.path)/\(JournalFile.name)"
        let journal = try PrivateFile.open(
            JournalFile.name, in: directory.descriptor, flags: O_WRONLY | O_CREAT | O_APPEND,
            shown: path)
        var bytes: [UInt8] = []
        fill(.header, .headerMarks, values) { bytes += $0 }
        JournalSeal.seal(&bytes)
        bytes.append(contentsOf: file.part(.lines))
        bytes += IdleText.endLine(at: end)
        try FileBytes.write(bytes, to: journal.number, subject: path)
    }
}

extension IdleRun {
    /// Keeps what a run with nothing to do has found, for those after it.
    ///
    /// - Parameters:
    ///   - record: The run's record: every step of it was up to date, or left out.
    ///   - workflow: What was run.
    ///   - name: The workflow's file as what is known of its steps is kept under.
    ///   - file: The workflow's file, absolute.
    ///   - summary: What such a run prints, from a record with stand-ins.
    ///   - key: All that decides beside files.
    ///   - begin: The moment before anything was read.
    ///   - state: The project's state; its lock is held.
    /// - Returns: Whether it was kept.
    @discardableResult
    public static func keep(
        _ record: RunRecord, of workflow: Workflow, named name: String, file: String,
        summary: (RunRecord) -> String, key: Digest, since begin: WallTime,
        in state: StateDirectory
    ) -> Bool {
        guard let text = IdleText(record),
            let root = try? Descriptor.open(state.root, flags: O_RDONLY | O_DIRECTORY),
            let compared = ComparedFiles(
                by: record, of: workflow, known: StepStateLog(workflow: name, in: state),
                root: state.root)
        else { return false }
        var watched = WatchedFiles()
        for path in [file, compared.knownPath] { watched.add(Array(path.utf8), nil) }
        for (path, facts) in compared.files { watched.add(path, facts) }
        guard watched.look(in: root.number, startedAt: begin) else {
            return false
        }
        let document = text.progress
        let header = text.header
        let end = text.summary(summary)
        let parts: [IdleFile.Part: [UInt8]] = [
            .scope: [compared.isWhole ? 1 : 0], .facts: bytes(of: watched.facts),
            .starts: bytes(of: watched.starts),
            .paths: watched.paths, .progress: document.literal,
            .progressMarks: bytes(of: document.marks), .header: header.literal,
            .headerMarks: bytes(of: header.marks), .lines: text.lines, .summary: end.literal,
            .summaryMarks: bytes(of: end.marks),
        ]
        do throws(SystemError) {
            try IdleFile.write(parts, key: key, in: state)
            return true
        } catch {
            // Only a help for the next run.
            return false
        }
    }

    private static func bytes<Number: FixedWidthInteger>(of numbers: [Number]) -> [UInt8] {
        numbers.withUnsafeBytes { Array($0) }
    }
}
