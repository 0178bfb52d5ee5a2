public import Execution
public import Platform
import Processes
import SystemCalls
import WorkflowModel

/// A run as `.stepvisor/runs/` has it, going on or over: read, never written.
public struct StoredRun: Sendable {
    /// The run's id.
    public let id: String
    private let directory: StoredDirectory

    /// Opens a run of a project.
    ///
    /// - Parameters:
    ///   - id: One of ``StateDirectory/runIdentifiers()``.
    ///   - state: The project's state.
    /// - Throws: What the system said.
    public init(_ id: String, in state: StateDirectory) throws(SystemError) {
        self.id = id
        guard StateDirectory.isRunIdentifier(id) else {
            throw SystemError("open", StateDirectory.runPath("…"), code: ENOENT)
        }
        let runs = try PrivateFile.directory(
            "runs", in: state.descriptor, shown: StateDirectory.runsPath, create: false)
        directory = StoredDirectory(
            try PrivateFile.directory(
                id, in: runs.number, shown: StateDirectory.runPath(id), create: false
            ).release())
    }

    /// The bytes of the journal, as far as it has been written.
    public func journal() throws(SystemError) -> [UInt8] { try read(JournalFile.name) }

    /// The bytes of the list of its steps, which the journals of large runs refer to; nil where there
    /// is none.
    public func stepList() -> [UInt8]? { try? read(StepList.fileName) }

    /// At most so many of the journal's last bytes; none where it cannot be read.
    package func endOfJournal(_ limit: Int) -> [UInt8] {
        guard let file = PrivateFile.reading([JournalFile.name], in: directory.number),
            let size = file.size
        else { return [] }
        return FileBytes.read(file.number, offset: max(0, size - Int64(limit)), limit: limit)
    }

    /// At most so many first bytes of a file of the run; none where it cannot be read.
    package func beginning(of name: String, _ limit: Int) -> [UInt8] {
        guard let file = PrivateFile.reading([name], in: directory.number) else {
            return []
        }
        return FileBytes.read(file.number, offset: 0, limit: limit)
    }

    package static let progressName = "progress.json"

    /// The bytes of `progress.json`.
    public func progress() throws(SystemError) -> [UInt8] { try read(StoredRun.progressName) }

    /// Bytes of the journal, by which a change is seen without reading it.
    public func journalSize() -> Int64 { size(JournalFile.name) ?? 0 }

    /// Path of a step's log as a user would type it from the project root.
    public func logPath(of step: String) -> String {
        "\(StateDirectory.runPath(id))/logs/\(step).log"
    }

    /// Bytes in a step's log; nil when it has none.
    public func logSize(of step: String) -> Int64? {
        guard let log = log(of: step) else { return nil }
        return log.size
    }

    /// At most so many bytes of a step's log from an offset; none where there is nothing.
    public func logBytes(of step: String, from offset: Int64, limit: Int) -> [UInt8] {
        guard let log = log(of: step) else { return [] }
        return FileBytes.read(log.number, offset: offset, limit: limit)
    }

    /// Where in a step's log its own output begins: behind the line by which a cut is noticed.
    public func logStart(of step: String) -> Int64 {
        guard let log = log(of: step) else { return 0 }
        return LogSection.start(of: log, step: step, run: id)
    }

    /// Whether the stepvisor that writes the run still lives: its number, of this boot, of a
    /// process that started when it did; for a run that does not say, one no younger than the run.
    public static func isAlive(_ header: RunHeader) -> Bool {
        guard ProcessTable.isHere(header.bootID) else { return false }
        #if os(Linux)
            guard ProcessView.isUsable else {
                return kill(header.pid, 0) == 0 || errno == EPERM
            }
            guard let facts = ProcessTable.facts(of: header.pid), !facts.isZombie else {
                return false
            }
            if header.startTicks > 0 { return facts.startTicks == header.startTicks }
            guard header.pid != getpid() else { return false }
            let age = ProcessTable.leftover(facts).ageMilliseconds
            let since = (RunClock.wallTime().microseconds - header.startedAt.microseconds) / 1000
            // A tick of doubt on either side.
            return age + 2000 >= since
        #else
            return kill(header.pid, 0) == 0 || errno == EPERM
        #endif
    }

    /// The present, as a time of a run.
    public static func now(of header: RunHeader) -> RunTime {
        let elapsed = RunClock.wallTime().microseconds - header.startedAt.microseconds
        return RunTime(nanoseconds: max(0, elapsed) * 1000)
    }

    /// The journal is data that anybody may have changed: an id in it is no path before it is checked.
    private func log(of step: String) -> Descriptor? {
        guard StepID.isValid(step) else { return nil }
        return PrivateFile.reading(["logs", "\(step).log"], in: directory.number)
    }

    package func read(_ name: String) throws(SystemError) -> [UInt8] {
        let path = "\(StateDirectory.runPath(id))/\(name)"
        guard let file = PrivateFile.reading([name], in: directory.number) else {
            throw SystemError("read", path)
        }
        return try FileBytes.all(of: file.number, subject: path)
    }

    private func size(_ name: String) -> Int64? {
        var facts = stat()
        guard fstatat(directory.number, name, &facts, AT_SYMLINK_NOFOLLOW) == 0,
            facts.st_mode & S_IFMT == S_IFREG
        else { return nil }
        return Int64(facts.st_size)
    }
}

/// A directory that stays open as long as somebody reads from it.
private final class StoredDirectory: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }
}
