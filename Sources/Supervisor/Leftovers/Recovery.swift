public import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The project's last run, when it has not come to its end.
public struct InterruptedRun: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// The steps that were running when its stepvisor died.
    public var running: [String]
    /// Processes of it that were still there, and have been ended now.
    public var endedProcesses: Int
    /// Processes of it that cannot be ended.
    public var left: [Int32]
    /// The name of its workflow's file or directory in the project root, where it is recorded.
    public var workflowFile: String?
}

/// What a run does about the one before it, whose stepvisor and guardian may both have been killed.
public enum Recovery {
    /// The end of a journal that is looked at: its last line has less than 100 bytes.
    private static let tailLength = 4096
    private static let limit: Int64 = 10_000_000_000

    /// The project's last run where it still goes on, which its lock tells as long as nobody has
    /// removed the lock's file; nil when it does not.
    public static func livingRun(in state: StateDirectory) -> LockHolder? {
        guard let (id, journal) = unendedRun(in: state), let journal,
            StoredRun.isAlive(journal.header)
        else { return nil }
        return LockHolder(resource: "the project", pid: journal.header.pid, runID: id)
    }

    /// Ends what the project's last run has left behind; called with the project's lock held.
    ///
    /// - Parameter state: the project's state.
    /// - Returns: that run; nil when it came to its end, which is found out at the cost of a few
    ///   system calls, or when there is none.
    public static func settle(_ state: StateDirectory) -> InterruptedRun? {
        guard let (id, journal) = unendedRun(in: state) else { return nil }
        // That run goes on, and is nobody's to end.
        if let journal, StoredRun.isAlive(journal.header) { return nil }
        var interrupted = InterruptedRun(id: id, running: [], endedProcesses: 0, left: [])
        interrupted.workflowFile = journal?.header.workflowFile
        if let journal {
            let record = journal.record
            interrupted.running = record.steps.indices
                .filter { record.steps[$0].status == .running }
                .map { record.header.steps[$0].id }
            // After a restart of the machine, and in another PID namespace, every number is a
            // stranger's.
            guard ProcessTable.isHere(journal.header.bootID) else {
                return interrupted
            }
        }
        var sweep = OrphanCleanup(
            run: id, earliestBirth: journal?.header.startTicks ?? 0,
            latestBirth: journal.map(latestSignOfLife) ?? 0)
        let carriers = sweep.freeze()
        let salvage = salvage(of: id, in: state, carriers)
        defer { salvage?.copy() }
        let (found, left) = sweep.kill(groups: journal?.livingGroups ?? [], limit: limit)
        interrupted.endedProcesses = found.count - left.count
        interrupted.left = left
        return interrupted
    }

    /// Brings into the logs what the pipes of stopped steps hold, and keeps hold of them.
    private static func salvage(
        of id: String, in state: StateDirectory, _ carriers: [Int32]
    ) -> OutputSalvage? {
        guard !carriers.isEmpty, let runs = state.runs(),
            let directory = try? PrivateFile.directory(
                id, in: runs.number, shown: StateDirectory.runPath(id), create: false)
        else { return nil }
        return OutputSalvage(run: id, directory: directory.number, from: carriers)
    }

    /// The last run where its journal does not say that it ended, with what can be read of it.
    private static func unendedRun(in state: StateDirectory) -> (id: String, journal: Journal?)? {
        guard let id = state.latestRun(), let run = try? StoredRun(id, in: state),
            !isEnded(run.endOfJournal(tailLength))
        else { return nil }
        return (id, (try? run.journal()).flatMap { try? JournalReader.read($0) })
    }

    private static func isEnded(_ tail: [UInt8]) -> Bool {
        guard tail.last == UInt8(ascii: "\n") else { return false }
        let line = tail.dropLast().split(separator: UInt8(ascii: "\n")).last ?? []
        // Quotes inside of texts are escaped, so this is no text.
        return String(decoding: line, as: UTF8.self).contains("\"event\":\"run_ended\"")
    }

    /// Clock ticks since boot at which the stepvisor of a journal certainly lived: its last event.
    static func latestSignOfLife(_ journal: Journal) -> UInt64 {
        var last: (ticks: UInt64, time: RunTime)?
        for event in journal.events {
            switch event.kind {
            case .started(_, _, let ticks, _) where ticks > 0,
                .checkStarted(_, _, let ticks) where ticks > 0:
                last = (ticks, event.time)
            default: break
            }
        }
        guard let last, let end = journal.events.last?.time else { return 0 }
        return last.ticks + ProcessTable.ticks(in: max(0, end - last.time))
    }
}
