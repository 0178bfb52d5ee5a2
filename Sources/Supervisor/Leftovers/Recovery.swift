public import Execution
import Platform
import Processes
public import StateStore
import SystemCalls

/// The project's last run, if it did not reach its end.
public struct InterruptedRun: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// The steps that were running when its stepvisor died.
    public var running: [String]
    /// The number of its processes that still existed and have been ended now.
    public var endedProcesses: Int
    /// Its processes that cannot be ended.
    public var left: [Int32]
    /// The name of its workflow's file or directory in the project root, if it is recorded.
    public var workflowFile: String?
}

/// Cleans up after the previous run, whose stepvisor and guardian may both have been killed.
public enum Recovery {
    /// Bytes at the end of a journal that are searched: its last line has less than 100 bytes.
    private static let tailLength = 4096
    private static let limit: Int64 = 10_000_000_000

    /// The project's last run if it is still active; nil when it is not.
    ///
    /// Normally the lock shows this; here the lock's file may have been removed.
    public static func livingRun(in state: StateDirectory) -> LockHolder? {
        guard let (id, journal) = unendedRun(in: state), let journal,
            StoredRun.isAlive(journal.header)
        else { return nil }
        return LockHolder(resource: "the project", pid: journal.header.pid, runID: id)
    }

    /// Ends what the project's last run has left behind; call this with the project's lock held.
    ///
    /// - Parameter state: the project's state.
    /// - Returns: that run; nil when there is none or it reached its end, which a few system calls
    ///   find out.
    public static func settle(_ state: StateDirectory) -> InterruptedRun? {
        guard let (id, journal) = unendedRun(in: state) else { return nil }
        // That run is still active, and must not be ended.
        if let journal, StoredRun.isAlive(journal.header) { return nil }
        var interrupted = InterruptedRun(id: id, running: [], endedProcesses: 0, left: [])
        interrupted.workflowFile = journal?.header.workflowFile
        if let journal {
            let record = journal.record
            interrupted.running = record.steps.indices
                .filter { record.steps[$0].status == .running }
                .map { record.header.steps[$0].id }
            // After a reboot, and in another PID namespace, every recorded number belongs to
            // another process.
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

    /// Copies what is in the pipes of stopped steps into the logs, and keeps the pipes open.
    private static func salvage(
        of id: String, in state: StateDirectory, _ carriers: [Int32]
    ) -> OutputSalvage? {
        guard !carriers.isEmpty, let runs = state.runs(),
            let directory = try? PrivateFile.directory(
                id, in: runs.number, shown: StateDirectory.runPath(id), create: false)
        else { return nil }
        return OutputSalvage(run: id, directory: directory.number, from: carriers)
    }

    /// The last run if its journal has no end, with what can be read of it.
    private static func unendedRun(in state: StateDirectory) -> (id: String, journal: Journal?)? {
        guard let id = state.latestRun(), let run = try? StoredRun(id, in: state),
            !isEnded(run.endOfJournal(tailLength))
        else { return nil }
        let journal = (try? run.journal()).flatMap {
            try? JournalReader.read($0, stepList: run.stepList)
        }
        return (id, journal)
    }

    private static func isEnded(_ tail: [UInt8]) -> Bool {
        guard tail.last == UInt8(ascii: "\n") else { return false }
        let line = tail.dropLast().split(separator: UInt8(ascii: "\n")).last ?? []
        // Quotes inside of texts are escaped, so this cannot be part of a text.
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
