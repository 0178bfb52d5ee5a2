import Execution
import Platform
import Processes
import StateStore
import SystemCalls

/// The guardian: a second stepvisor process beside a run that ends the run's processes when the
/// first one dies.
///
/// It gets no messages during the run: the journal shows which groups are alive. Its standard input
/// is a pipe whose other end only stepvisor holds, its standard output is the run's locked `alive`
/// file, and its standard error is the journal, for reading.
public enum GuardianMain {
    /// The hidden command; the run's id follows it.
    static let word = "guardian-of"

    /// Written by stepvisor before it ends normally.
    static let farewell = UInt8(ascii: "q")

    /// Nanoseconds after which a process that cannot be killed is given up: the kernel holds it.
    private static let limit: Int64 = 60_000_000_000

    /// Runs the guardian if this process was started as one.
    ///
    /// - Parameter arguments: the command line, with the program's name.
    /// - Returns: the exit code; nil when it was not started as one.
    public static func serve(_ arguments: [String]) -> Int32? {
        guard arguments.count == 3, arguments[1] == word else { return nil }
        let run = arguments[2]
        guard hasGuardianDescriptors(for: run) else {
            let text = "error: `\(word)` is for stepvisor itself: it is started beside each run\n"
            try? FileBytes.write(Array(text.utf8), to: STDERR_FILENO, subject: "standard error")
            return 2
        }
        stepvisor_block_signals()
        // The run's stepvisor; if that has died already, an older process.
        let earliestBirth = ProcessTable.facts(of: getppid())?.startTicks ?? 0
        // Opened now: at the end of the run its directory may have been removed.
        let steps = stepList(of: run)
        // Do not prevent a file system from being unmounted.
        _ = chdir("/")
        guard waitForAbruptEnd() else { return 0 }
        var sweep = OrphanCleanup(
            run: run, earliestBirth: earliestBirth, latestBirth: ProcessTable.ticksSinceBoot())
        let salvage = salvage(of: run, sweep.freeze())
        sweep.killCarriers()
        // A step that was stopped in the middle of a write may have completed it since.
        salvage?.copy()
        // Read only now: reading a journal of 10,000 steps takes a while.
        let journal = try? JournalReader.read(
            FileBytes.all(of: STDERR_FILENO, subject: "journal"),
            stepList: { try? FileBytes.all(of: steps, subject: StepList.fileName) })
        _ = sweep.kill(groups: journal?.livingGroups ?? [], limit: limit)
        return 0
    }

    /// Copies what is in the pipes of stopped steps into the logs, and keeps the pipes open.
    private static func salvage(of run: String, _ carriers: [Int32]) -> OutputSalvage? {
        guard let directory = runDirectory(of: run) else { return nil }
        return OutputSalvage(run: run, directory: directory.number, from: carriers)
    }

    /// A descriptor of the list of the run's steps; -1 where its journal refers to none.
    private static func stepList(of run: String) -> Int32 {
        guard let directory = runDirectory(of: run),
            let file = PrivateFile.reading([StepList.fileName], in: directory.number)
        else { return -1 }
        return file.release()
    }

    /// The run's directory, as far as the kernel tells where it is now.
    private static func runDirectory(of run: String) -> Descriptor? {
        guard let alive = alivePath() else { return nil }
        return try? PrivateFile.directory(
            String(alive.dropLast(AliveFile.name.utf8.count + 1)), shown: run, create: false)
    }

    /// Whether the descriptors are those that stepvisor gives to a guardian.
    private static func hasGuardianDescriptors(for run: String) -> Bool {
        guard StateDirectory.isRunIdentifier(run), kind(of: STDIN_FILENO) == S_IFIFO,
            kind(of: STDOUT_FILENO) == S_IFREG
        else { return false }
        #if os(Linux)
            // The run's directory may have been removed since.
            return alivePath()?.contains("/\(StateDirectory.runPath(run))/\(AliveFile.name)")
                ?? false
        #else
            return true
        #endif
    }

    /// The current path of the run's `alive` file, if the kernel shows it.
    private static func alivePath() -> String? {
        SymbolicLink.target(of: "/proc/self/fd/\(STDOUT_FILENO)")
    }

    private static func kind(of descriptor: Int32) -> mode_t? {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? facts.st_mode & S_IFMT : nil
    }

    /// Sleeps until stepvisor has ended, and returns whether it ended without a farewell.
    private static func waitForAbruptEnd() -> Bool {
        // No events requested: only the end of the pipe wakes this process.
        var entry = pollfd(fd: STDIN_FILENO, events: 0, revents: 0)
        while poll(&entry, 1, -1) < 0 && (errno == EINTR || errno == EAGAIN) {}
        var byte: UInt8 = 0
        var count: Int
        repeat {
            count = LibC.read(STDIN_FILENO, &byte, 1)
        } while count < 0 && errno == EINTR
        return count < 1 || byte != farewell
    }
}
