import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A command that was started: it can be signalled, and is waited for with a limit.
///
/// Started by `posix_spawn` and waited for by number: Foundation's `Process` hands descriptors of
/// one test's command to another's when tests run at the same time. Output goes to files, so that
/// no command ever waits for a reader.
public final class RunningCommand {
    /// Its process id, which is also the id of its process group.
    public let pid: Int32
    private let output: String
    private let error: String
    private var ended: CommandResult?

    /// What could not be done to start a command.
    public struct StartError: Error {
        /// The error number.
        public let code: Int32
    }

    init(
        program: String, arguments: [String], environment: [String: String], directory: String
    ) throws {
        let base = FileManager.default.temporaryDirectory
            .appendingPathComponent("stepvisor-capture-\(UUID().uuidString)").path
        output = base + ".out"
        error = base + ".err"
        #if canImport(Glibc)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error, flags, 0o600)
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // The shell changes the directory, which not every system's `posix_spawn` can, and goes.
        let line = "cd \"$1\" && shift && exec \"$@\""
        var words =
            (["/bin/sh", "-c", line, "sh", directory, program] + arguments).map { strdup($0) }
            + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var number: pid_t = 0
        let code = posix_spawn(&number, "/bin/sh", &actions, &attributes, &words, &variables)
        pid = number
        guard code == 0 else { throw StartError(code: code) }
    }

    deinit {
        if ended == nil { _ = wait(seconds: 0) }
        unlink(output)
        unlink(error)
    }

    /// Sends a signal to the command itself, not to what it started.
    public func signal(_ number: Int32) { kill(pid, number) }

    /// What it has written to standard output until now.
    public var outputSoFar: String { Self.text(output) }

    /// What it has written to standard error until now.
    public var errorSoFar: String { Self.text(error) }

    /// Waits until it has ended, at most so long; then its group is killed.
    public func wait(seconds: Int = 30) -> CommandResult {
        if let ended { return ended }
        var status: Int32 = 0
        let isInTime = TestSpace.wait(seconds: Double(seconds)) {
            waitpid(pid, &status, WNOHANG) == pid
        }
        var end = CommandResult.End.timedOut
        if isInTime {
            // wait(2): the low seven bits are the signal, the next byte the exit code.
            end = status & 0x7f == 0 ? .exit(status >> 8 & 0xff) : .signal(status & 0x7f)
        } else {
            kill(-pid, SIGKILL)
            waitpid(pid, &status, 0)
        }
        let result = CommandResult(end: end, output: outputSoFar, error: errorSoFar)
        ended = result
        return result
    }

    private static func text(_ path: String) -> String {
        (FileManager.default.contents(atPath: path)).map { String(decoding: $0, as: UTF8.self) }
            ?? ""
    }
}
