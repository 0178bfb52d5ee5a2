import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A command that was started: it can be signalled, and is waited for with a limit.
///
/// Waited for by number. Output goes to files, so that no command ever waits for a reader.
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
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        var setup = SpawnSetup()
        setup.open("/dev/null", as: 0, flags: O_RDONLY)
        setup.open(output, as: 1, flags: flags)
        setup.open(error, as: 2, flags: flags)
        let (number, code) = setup.start(
            leading: SpawnSetup.newGroup, program: program, arguments: arguments,
            environment: environment, directory: directory)
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
