import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A command on a terminal of its own, with a person before it: it leads a session, whose terminal
/// is a real one as far as the kernel goes.
public final class TerminalCommand {
    /// Its process id, which is also the id of its session.
    public let pid: Int32
    private let screen: Screen
    private var ended: CommandResult?

    /// What could not be done to start a command.
    public struct StartError: Error {
        /// What it was.
        public let what: String
        /// The error number.
        public let code: Int32
    }

    /// The other side of the terminal, read by a thread of its own.
    private final class Screen: Sendable {
        struct State {
            var master: Int32
            var shown: [UInt8] = []
            var isReading = true
            var isClosed = false
        }

        let state: Mutex<State>

        init(master: Int32) { state = Mutex(State(master: master)) }

        func read() {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let goesOn = state.withLock { state -> Bool in
                    if state.isClosed { return false }
                    guard state.isReading else { return true }
                    // A terminal gives a few thousand bytes at a time.
                    for _ in 0..<64 {
                        var entry = pollfd(fd: state.master, events: Int16(POLLIN), revents: 0)
                        guard poll(&entry, 1, 0) > 0, entry.revents & Int16(POLLIN) != 0 else {
                            break
                        }
                        #if canImport(Glibc)
                            let count = Glibc.read(state.master, &buffer, buffer.count)
                        #else
                            let count = Darwin.read(state.master, &buffer, buffer.count)
                        #endif
                        if count <= 0 { break }
                        state.shown += buffer[..<count]
                    }
                    return true
                }
                if !goesOn { return }
                poll(nil, 0, 2)
            }
        }
    }

    init(
        program: String, arguments: [String], environment: [String: String], directory: String,
        columns: Int, rows: Int
    ) throws {
        let (master, slave) = try Self.openTerminal()
        screen = Screen(master: master)
        Self.resize(master, columns, rows)
        var setup = SpawnSetup()
        // The first terminal that the leader of a new session opens becomes the session's.
        setup.open(slave, as: 0, flags: O_RDWR)
        setup.duplicate(0, as: 1)
        setup.duplicate(0, as: 2)
        let (number, code) = setup.start(
            leading: SpawnSetup.newSession, program: program, arguments: arguments,
            environment: environment, directory: directory)
        pid = number
        guard code == 0 else {
            close(master)
            throw StartError(what: "start", code: code)
        }
        let screen = screen
        Thread.detachNewThread { screen.read() }
    }

    deinit {
        if ended == nil { _ = wait(seconds: 0) }
        hangUp()
    }

    /// Everything that was written to the terminal until now, line ends as the terminal has them.
    public var shown: String {
        screen.state.withLock { String(decoding: $0.shown, as: UTF8.self) }
    }

    /// Types; `"\u{03}"` is Ctrl-C, `"\u{1A}"` Ctrl-Z, `"\u{1C}"` Ctrl-\.
    public func type(_ text: String) {
        screen.state.withLock { state in
            guard !state.isClosed else { return }
            var bytes = Array(text.utf8)
            #if canImport(Glibc)
                _ = Glibc.write(state.master, &bytes, bytes.count)
            #else
                _ = Darwin.write(state.master, &bytes, bytes.count)
            #endif
        }
    }

    /// Stops reading what is shown, as a pager does that was stopped, or reads on.
    public func setReading(_ isReading: Bool) {
        screen.state.withLock { $0.isReading = isReading }
    }

    /// Changes the window's size.
    public func resize(columns: Int, rows: Int) {
        screen.state.withLock { state in
            if !state.isClosed { Self.resize(state.master, columns, rows) }
        }
    }

    /// Closes the window: the terminal is gone.
    public func hangUp() {
        screen.state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            close(state.master)
        }
    }

    /// Sends a signal to the command itself.
    public func signal(_ number: Int32) { kill(pid, number) }

    /// Waits until a text is on the screen, after what was there when `shown` had so many characters.
    public func waitFor(_ text: String, seconds: Double = 30) -> Bool {
        TestSpace.wait(seconds: seconds) { shown.contains(text) }
    }

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
            // What it wrote last may still be on its way.
            var length = -1
            _ = TestSpace.wait(seconds: 1) {
                defer { length = shown.utf8.count }
                poll(nil, 0, 20)
                return length == shown.utf8.count
            }
        } else {
            kill(-pid, SIGKILL)
            waitpid(pid, &status, 0)
        }
        let result = CommandResult(end: end, output: shown, error: "")
        ended = result
        return result
    }

    /// The two sides of a new terminal: the person's, open, and the path of the program's.
    private static func openTerminal() throws -> (master: Int32, slave: String) {
        #if os(Linux)
            // Swift does not see the functions of `stdlib.h` for it; pty(7), ioctl_tty(2).
            let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            var number: Int32 = 0
            guard master >= 0, ioctl(master, 0x4004_5431, &number) == 0,
                ioctl(master, 0x8004_5430, &number) == 0
            else { throw StartError(what: "open a terminal", code: errno) }
            return (master, "/dev/pts/\(number)")
        #else
            let master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)
            guard master >= 0, grantpt(master) == 0, unlockpt(master) == 0,
                let name = ptsname(master)
            else { throw StartError(what: "open a terminal", code: errno) }
            return (master, String(cString: name))
        #endif
    }

    private static func resize(_ master: Int32, _ columns: Int, _ rows: Int) {
        var size = winsize(
            ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }
}

extension TestSpace {
    /// Starts a program in the directory on a terminal of its own, as the leader of its session.
    public func startOnTerminal(
        program: String = BuiltProgram.path, _ arguments: [String], columns: Int = 100,
        rows: Int = 30
    ) throws -> TerminalCommand {
        var environment = commandEnvironment
        environment["TERM"] = environment["TERM"] ?? "xterm-256color"
        return try TerminalCommand(
            program: program, arguments: arguments, environment: environment,
            directory: root.path, columns: columns, rows: rows)
    }

    /// Starts lines of a shell with job control on a terminal of its own: what it starts comes to
    /// the foreground, can be stopped with Ctrl-Z, and goes on with `fg` or `bg`.
    public func startJobs(_ lines: String, columns: Int = 100, rows: Int = 30) throws
        -> TerminalCommand
    {
        try startOnTerminal(
            program: "/usr/bin/env", ["bash", "-c", "set -m\n" + lines], columns: columns,
            rows: rows)
    }
}
