public import Execution
public import Platform
import Processes
import SystemCalls

/// Replaces this process by a command that holds a resource (`stepvisor lock`).
public enum LockCommand {
    /// The variable that names the resources that a step, or a command under `lock`, already holds.
    public static let variable = "STEPVISOR_LOCKS"

    /// Microseconds between two attempts at a lock with another holder.
    private static let interval: UInt32 = 50_000

    /// Takes one unit of a resource.
    ///
    /// - Parameters:
    ///   - request: The resource.
    ///   - locks: Where its lock files are.
    ///   - whenBusy: Called once, with the first holder; returns false to give up.
    /// - Returns: The lock, or its holder after `whenBusy` returned false.
    /// - Throws: When locking is not possible at all.
    public static func acquire(
        _ request: LockRequest, from locks: ResourceLocks,
        whenBusy: (LockHolder) -> Bool
    ) throws(SystemError) -> LockResult {
        var hasAsked = false
        while true {
            let since = Timestamp.text(RunClock.wallTime())
            let result = try locks.tryAcquire([request], step: nil, since: since)
            guard case .busy(let holder) = result else { return result }
            if !hasAsked {
                hasAsked = true
                guard whenBusy(holder) else { return result }
            }
            usleep(interval)
        }
    }

    /// Protects locks that this process inherited through `exec` from being closed as unknown
    /// descriptors, and from being inherited by its children: `lock NAME -- stepvisor run`.
    public static func adoptInherited() {
        let own = Array("pid=\(getpid())\n".utf8)
        for name in DirectoryListing.names(of: "/proc/self/fd") ?? [] {
            guard let number = Int32(name), number > 2, fcntl(number, F_GETFD) == 0 else {
                continue
            }
            var facts = stat()
            guard fstat(number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
                // The note in the lock names its holder's process id, which `exec` does not change.
                FileBytes.read(number, offset: 0, limit: own.count) == own
            else { continue }
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
    }

    /// Replaces this process by the command; returns only on failure.
    ///
    /// - Parameters:
    ///   - program: Absolute path of the program.
    ///   - words: The command with its arguments; never empty.
    ///   - environment: All of its environment.
    ///   - lock: Kept open, so that the resource is free when the command and everything it started
    ///     have ended.
    /// - Returns: The system's error.
    public static func become(
        _ program: String, words: [String], environment: [String: String], holding lock: HeldLocks?
    ) -> SystemError {
        lock?.keepThroughExec()
        for signal in [SIGPIPE, SIGCHLD] { _ = stepvisor_restore_default(signal) }
        var arguments = words.map { strdup($0) } + [nil]
        var variables =
            environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        execve(program, &arguments, &variables)
        let problem = SystemError("start", program)
        for pointer in arguments { free(pointer) }
        for pointer in variables { free(pointer) }
        withExtendedLifetime(lock) {}
        return problem
    }
}
