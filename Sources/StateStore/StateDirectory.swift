package import Execution
import FileState
public import Platform
import Processes
import SystemCalls

/// `.stepvisor/` of a project: runs, locks, and the link to the latest run.
///
/// Opened once and then used through its descriptor, so that nothing that happens to the path
/// later sends a write elsewhere.
public final class StateDirectory {
    /// The directory's name in the project root.
    public static let name = ReservedNames.state

    /// Absolute path of the project root.
    public let root: String
    package let descriptor: Int32

    /// Opens the state of a project, and makes it when asked to.
    ///
    /// - Parameters:
    ///   - root: absolute path of the project root.
    ///   - create: false for commands that only look.
    /// - Throws: what the system said: permissions, a read-only file system, a link in the way.
    public init(root: String, create: Bool) throws(SystemError) {
        self.root = root
        let path = "\(root)/\(StateDirectory.name)"
        // One that was made by hand may be open to others, who could then put files in its place.
        let directory = try PrivateFile.directory(path, shown: path, create: create)
        descriptor = directory.release()
        if create { try ignoreItself() }
    }

    deinit { close(descriptor) }

    /// The directory of all runs, as users see it from the project root.
    static let runsPath = "\(name)/runs"

    /// A run's directory, as users see it from the project root.
    public static func runPath(_ id: String) -> String { "\(name)/runs/\(id)" }

    /// The ids of all runs, oldest first.
    public func runIdentifiers() -> [String] {
        guard let runs = runs() else { return [] }
        return (DirectoryListing.names(of: runs.number) ?? []).filter(
            StateDirectory.isRunIdentifier
        ).sorted()
    }

    /// The directory of all runs; nil where there is none that can be used.
    package func runs() -> Descriptor? {
        try? PrivateFile.directory(
            "runs", in: descriptor, shown: StateDirectory.runsPath, create: false)
    }

    /// The newest run: the text of `latest`, checked, else the last by name.
    public func latestRun() -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlinkat(descriptor, "latest", &buffer, buffer.count - 1)
        if count > 0 {
            let text = String(
                decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.hasPrefix("runs/") {
                let id = String(text.dropFirst(5))
                if StateDirectory.isRunIdentifier(id), hasRun(id) { return id }
            }
        }
        return runIdentifiers().last
    }

    /// Whether there is a run of this id.
    public func hasRun(_ id: String) -> Bool {
        guard StateDirectory.isRunIdentifier(id), let runs = runs() else { return false }
        var facts = stat()
        return fstatat(runs.number, id, &facts, AT_SYMLINK_NOFOLLOW) == 0
            && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// Letters, digits and `-` only: what this program makes, and nothing that leaves a directory.
    public static func isRunIdentifier(_ text: String) -> Bool {
        let bytes = text.utf8
        return !bytes.isEmpty && bytes.count <= 64 && bytes.first != UInt8(ascii: "-")
            && bytes.allSatisfy { byte in
                byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte)
                    || (0x61...0x7a).contains(byte)
            }
    }

    /// Makes a run's directory with all that belongs in it, under an id that sorts by time.
    package func makeRun() throws(SystemError) -> RunDirectory {
        let runs = try PrivateFile.directory(
            "runs", in: descriptor, shown: StateDirectory.runsPath, create: true)
        let now = RunClock.wallTime().microseconds
        let stamp = StateDirectory.timestamp(time_t(now / 1_000_000))
        // The milliseconds come before what is random, so that runs of one second sort by time, too.
        let milliseconds = UInt16(truncatingIfNeeded: now / 1000 % 1000)
        for _ in 0..<100 {
            let suffix = String(milliseconds << 6 | .random(in: 0..<64), radix: 16)
            let id = "\(stamp)-" + String(repeating: "0", count: 4 - suffix.utf8.count) + suffix
            if mkdirat(runs.number, id, 0o700) == 0 {
                return try RunDirectory(state: self, id: id, runs: runs.number)
            }
            guard errno == EEXIST else {
                throw SystemError("make the directory", StateDirectory.runPath(id))
            }
        }
        throw SystemError("make a directory in", StateDirectory.runsPath, code: EEXIST)
    }

    /// Replaces a whole file in one step, so that a reader sees the old or the new one.
    package func replace(_ name: String, with bytes: [UInt8]) throws(SystemError) {
        try PrivateFile.replace(
            name, with: bytes, in: descriptor, temporary: "\(name).tmp",
            shown: "\(StateDirectory.name)/\(name)")
    }

    /// Lets `latest` point at a run, in one step.
    package func pointLatest(at id: String) throws(SystemError) {
        let temporary = "latest.\(getpid())"
        unlinkat(descriptor, temporary, 0)
        guard symlinkat("runs/\(id)", descriptor, temporary) == 0,
            renameat(descriptor, temporary, descriptor, "latest") == 0
        else { throw SystemError("link", "\(StateDirectory.name)/latest") }
    }

    /// Git is told to look away by the directory itself.
    private func ignoreItself() throws(SystemError) {
        let number = stepvisor_open_at(
            descriptor, ".gitignore", O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard number >= 0 else {
            if errno == EEXIST { return }
            throw SystemError("write", "\(StateDirectory.name)/.gitignore")
        }
        let file = Descriptor(owning: number)
        try FileBytes.write(Array("*\n".utf8), to: file.number, subject: ".stepvisor/.gitignore")
    }

    /// UTC, as in `20261121-061530`.
    private static func timestamp(_ seconds: time_t) -> String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        let count = strftime(&buffer, buffer.count, "%Y%m%d-%H%M%S", &parts)
        return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// `.stepvisor/runs/<id>/` of a run that is being written.
package final class RunDirectory: Sendable {
    package let id: String
    /// Absolute path.
    package let path: String
    package let descriptor: Int32
    private let logs: Int32

    package init(state: StateDirectory, id: String, runs: Int32) throws(SystemError) {
        self.id = id
        path = "\(state.root)/\(StateDirectory.runPath(id))"
        let directory = try PrivateFile.directory(id, in: runs, shown: path, create: false)
        let subdirectory = { (name: String) throws(SystemError) -> Int32 in
            try PrivateFile.directory(
                name, in: directory.number, shown: "\(StateDirectory.runPath(id))/\(name)",
                create: true
            ).release()
        }
        let logs = try subdirectory("logs")
        do {
            close(try subdirectory("outputs"))
        } catch {
            close(logs)
            throw error
        }
        self.logs = logs
        descriptor = directory.release()
    }

    deinit {
        close(logs)
        close(descriptor)
    }

    /// Opens a step's log for appending; every attempt of a run appends to the same file.
    ///
    /// - Parameters:
    ///   - step: the step's id.
    ///   - whenGone: told when somebody has removed the directory of the logs, and it was made again.
    /// - Returns: the open log.
    /// - Throws: what the system said.
    package func openLog(
        of step: String, whenGone: () -> Void = {}
    ) throws(SystemError) -> Descriptor {
        do {
            return try PrivateFile.open(
                "\(step).log", in: logs, flags: O_WRONLY | O_CREAT | O_APPEND,
                shown: "\(StateDirectory.runPath(id))/logs/\(step).log")
        } catch  where error.code == ENOENT {
            // A file can always be made in a directory that is there: this one is not any more.
            let made = try PrivateFile.directory(
                "logs", in: descriptor, shown: "\(StateDirectory.runPath(id))/logs", create: true)
            guard dup2(made.number, logs) >= 0, fcntl(logs, F_SETFD, FD_CLOEXEC) == 0 else {
                throw SystemError("open", "\(StateDirectory.runPath(id))/logs")
            }
            whenGone()
            return try PrivateFile.open(
                "\(step).log", in: logs, flags: O_WRONLY | O_CREAT | O_APPEND,
                shown: "\(StateDirectory.runPath(id))/logs/\(step).log")
        }
    }

    /// Opens a step's log for reading; nil when there is none.
    package func readLog(of step: String) -> Descriptor? {
        PrivateFile.reading(["\(step).log"], in: logs)
    }

    /// What has to stand in the log of a step that writes there itself; nil where it is gone.
    package func mark(of step: String) -> LogMark? {
        guard let log = readLog(of: step) else { return nil }
        let line = LogSection.firstLine(of: step, in: id)
        let hasLine = LogSection.start(of: log, step: step, run: id) > 0
        return LogMark(first: hasLine ? line : [], in: log)
    }

    /// Bytes in a step's log; nil when there is none.
    package func logSize(of step: String) -> Int64? {
        var facts = stat()
        guard fstatat(logs, "\(step).log", &facts, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        return Int64(facts.st_size)
    }

    /// What the disk answers when a block more is asked for a step's log; nil when it has one, or where
    /// the system cannot tell.
    package func refusalOfRoom(inLogOf step: String) -> SystemError? {
        let shown = "\(StateDirectory.runPath(id))/logs/\(step).log"
        guard
            let log = try? PrivateFile.open(
                "\(step).log", in: logs, flags: O_WRONLY | O_APPEND, shown: shown),
            let size = log.size, stepvisor_reserve(log.number, size, 4096) != 0
        else { return nil }
        let problem = SystemError("write", shown)
        return problem.code == ENOSPC || problem.code == EDQUOT ? problem : nil
    }

    /// Replaces a whole file in one step, so that a reader sees the old or the new one.
    ///
    /// - Parameters:
    ///   - name: the file's name in the run's directory.
    ///   - body: is given a function that appends bytes, and calls it as often as it likes.
    /// - Throws: when it cannot be written whole; the old file then stays as it was.
    package func replace(
        _ name: String, by body: (_ append: ([UInt8]) throws -> Void) throws -> Void
    ) throws(SystemError) {
        let temporary = "\(name).tmp"
        do {
            let file = try PrivateFile.open(
                temporary, in: descriptor, flags: O_WRONLY | O_CREAT | O_TRUNC,
                shown: "\(path)/\(temporary)")
            try body { bytes in
                try FileBytes.write(bytes, to: file.number, subject: "\(path)/\(temporary)")
            }
        } catch {
            unlinkat(descriptor, temporary, 0)
            throw error as? SystemError ?? SystemError("write", "\(path)/\(name)", code: EIO)
        }
        guard renameat(descriptor, temporary, descriptor, name) == 0 else {
            throw SystemError("rename", "\(path)/\(temporary)")
        }
    }

    /// Puts the list of the run's steps beside its journal.
    ///
    /// Where an earlier run has the same list, that file gets a further name (a hard link) here, so
    /// that it lasts as long as one of the runs that refer to it. It is written once and never changed.
    ///
    /// - Parameters:
    ///   - list: What the steps of this run are; nil where the journal itself says it.
    ///   - earlier: The id of a run that may have the same.
    ///   - state: The state that the run belongs to.
    /// - Returns: The names of files that were written, and may not be on the disk yet.
    /// - Throws: What the system said.
    package func keep(
        _ list: StepList?, sharedWith earlier: @autoclosure () -> String?, of state: StateDirectory
    ) throws(SystemError) -> [String] {
        guard let list else { return [] }
        let name = StepList.fileName
        if let earlier = earlier(), earlier != id, let runs = state.runs(),
            let directory = try? PrivateFile.directory(
                earlier, in: runs.number, shown: StateDirectory.runPath(earlier), create: false),
            let file = PrivateFile.reading([name], in: directory.number),
            file.size == Int64(list.bytes.count),
            (try? FileBytes.all(of: file.number, subject: name)) == list.bytes,
            linkat(directory.number, name, descriptor, name, 0) == 0
        {
            return []
        }
        let shown = "\(path)/\(name)"
        let file = try PrivateFile.open(
            name, in: descriptor, flags: O_WRONLY | O_CREAT | O_TRUNC, shown: shown)
        try FileBytes.write(list.bytes, to: file.number, subject: shown)
        return [name]
    }

    /// Brings what was written to the disk; says what stood in the way, as a file that is gone.
    @discardableResult
    package func synchronise(_ name: String) -> SystemError? {
        let number = stepvisor_open_at(descriptor, name, O_RDONLY, 0)
        guard number >= 0 else { return SystemError("write", "\(path)/\(name)") }
        defer { close(number) }
        // File systems that cannot do it say EINVAL; their data is no worse for it.
        guard fsync(number) == 0 || errno == EINVAL || errno == EROFS else {
            return SystemError("write", "\(path)/\(name)")
        }
        return nil
    }
}
