import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the guardian does: a second stepvisor beside a run that ends the run's processes when the
/// first one dies.
///
/// It is told nothing while the run goes on: the journal says which groups live. Its standard
/// input is a pipe whose other end only stepvisor holds, its standard output the run's locked
/// `alive` file, its standard error the journal, for reading.
public enum GuardianMain {
    /// The hidden command; the run's id comes after it.
    static let word = "guardian-of"

    /// Written before stepvisor ends in peace.
    static let farewell = UInt8(ascii: "q")

    /// What cannot be killed for so long is stuck in the kernel.
    private static let limit: Int64 = 60_000_000_000

    /// Serves where this process was started as a guardian.
    ///
    /// - Parameter arguments: the command line, with the program's name.
    /// - Returns: the exit code; nil when it was not started as one.
    public static func serve(_ arguments: [String]) -> Int32? {
        guard arguments.count == 3, arguments[1] == word else { return nil }
        let run = arguments[2]
        guard isPost(for: run) else {
            let text = "error: `\(word)` is for stepvisor itself: it is started beside each run\n"
            try? FileBytes.write(Array(text.utf8), to: STDERR_FILENO, subject: "standard error")
            return 2
        }
        stepvisor_block_signals()
        // The run's stepvisor, or, should it be dead already, an older process.
        let earliestBirth = ProcessTable.facts(of: getppid())?.startTicks ?? 0
        // Not in anybody's way when a file system is to be unmounted.
        _ = chdir("/")
        guard isLeftAlone() else { return 0 }
        var sweep = OrphanCleanup(
            run: run, earliestBirth: earliestBirth, latestBirth: ProcessTable.ticksSinceBoot())
        let salvage = salvage(of: run, sweep.freeze())
        sweep.killCarriers()
        // One that was being stopped in the middle of a write may have ended it since.
        salvage?.copy()
        // Read only now: a journal of 10,000 steps takes its time.
        let journal = try? JournalReader.read(FileBytes.all(of: STDERR_FILENO, subject: "journal"))
        _ = sweep.kill(groups: journal?.livingGroups ?? [], limit: limit)
        return 0
    }

    /// Brings into the logs what the pipes of stopped steps hold, and keeps hold of them.
    private static func salvage(of run: String, _ carriers: [Int32]) -> OutputSalvage? {
        guard
            let alive = alivePath(),
            let directory = try? PrivateFile.directory(
                String(alive.dropLast(AliveFile.name.utf8.count + 1)), shown: run, create: false)
        else { return nil }
        return OutputSalvage(run: run, directory: directory.number, from: carriers)
    }

    /// Whether the descriptors are those that stepvisor gives a guardian.
    private static func isPost(for run: String) -> Bool {
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

    /// Where the run's `alive` file is now, as far as the kernel tells.
    private static func alivePath() -> String? {
        SymbolicLink.target(of: "/proc/self/fd/\(STDOUT_FILENO)")
    }

    private static func kind(of descriptor: Int32) -> mode_t? {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? facts.st_mode & S_IFMT : nil
    }

    /// Sleeps until stepvisor is gone, and tells whether it went without a farewell.
    private static func isLeftAlone() -> Bool {
        // No events asked for: only the end of the pipe wakes.
        var entry = pollfd(fd: STDIN_FILENO, events: 0, revents: 0)
        while poll(&entry, 1, -1) < 0 && (errno == EINTR || errno == EAGAIN) {}
        var byte: UInt8 = 0
        var count: Int
        repeat {
            count = Platform.read(STDIN_FILENO, &byte, 1)
        } while count < 0 && errno == EINTR
        return count < 1 || byte != farewell
    }
}
