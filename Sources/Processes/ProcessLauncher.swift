package import Execution
package import Foundation
package import Platform
import Synchronization
import SystemCalls

/// Why a step could not be started.
package enum LaunchFailure: Error, Hashable {
    /// A permanent failure: what is wrong and what to do about it.
    case permanent(String)
    /// A lack of resources that may become free again: processes, memory, descriptors.
    case temporary(String)
}

/// A process to start, with everything decided.
package struct LaunchRequest {
    /// Absolute path, checked by ``ProgramResolver``.
    package var program: String
    /// Without the program's own name, which is always `program`.
    package var arguments: [String]
    package var environment: [String: String]
    /// Absolute path; nil for this process's working directory.
    package var directory: String?
    /// Becomes standard output and error; the caller keeps ownership.
    package var output: Int32

    /// With all that it holds.
    package init(
        program: String, arguments: [String], environment: [String: String],
        directory: String? = nil, output: Int32
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.output = output
    }
}

/// Starts processes with `Foundation.Process`, which is used nowhere else, from one thread only.
///
/// Foundation notices an exit when a socket that the child inherits closes, and then waits for the
/// child on a single thread. Here a duplicate of the child's end is held until the step has been
/// settled, so that Foundation neither reaps nor blocks before that: meanwhile the zombie pins
/// process id and group, and the kernel reports status and cost (docs/design-notes.md, "Holding
/// Foundation's socket").
package final class ProcessLauncher {
    private let input: SocketCapturingInput
    private let descriptorLimit: rlim_t
    /// Ended processes that Foundation has not reaped yet.
    private var retiring: [ChildProcess] = []
    private var retiringIdentifiers: Set<Int32> = []
    private var retireThreshold = 64
    private var hasThread = false
    private var hasLaunched = false
    /// Descriptors kept free below the limit: for Foundation's thread, which opens six at the first
    /// launch, and for others that are open briefly.
    private var reservedDescriptors: Int32 { hasLaunched ? 5 : 10 }

    /// /dev/null, for reading.
    var nullInput: Int32 { input.descriptor }

    /// Opens /dev/null, which is every step's standard input.
    package init() throws(SystemError) {
        var limit = rlimit()
        descriptorLimit = getrlimit(resourceFileLimit, &limit) == 0 ? limit.rlim_cur : 1024
        let null = try Descriptor.open("/dev/null", flags: O_RDONLY)
        input = SocketCapturingInput(descriptor: null.release())
    }

    deinit { close(input.descriptor) }

    /// Starts a process in a process group of its own.
    ///
    /// - Parameters:
    ///   - request: the process to start.
    ///   - watched: whether a descriptor must signal the exit.
    /// - Returns: the process, which has not been waited for.
    /// - Throws: why it could not be started, and whether that is permanent.
    package func launch(
        _ request: LaunchRequest, watched: Bool
    ) throws(LaunchFailure) -> ChildProcess {
        try ensureThread()
        try predictSockets()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: request.program, isDirectory: false)
        process.arguments = request.arguments
        process.environment = request.environment
        if let directory = request.directory {
            process.currentDirectoryURL = URL(fileURLWithPath: directory, isDirectory: true)
        }
        process.standardInput = input
        let output = FileHandle(fileDescriptor: request.output, closeOnDealloc: false)
        process.standardOutput = output
        process.standardError = output
        let earliest = ProcessTable.ticksSinceBoot()
        do {
            try Self.run(process)
        } catch {
            input.forget()
            throw ProcessLauncher.explain(error as NSError, request)
        }
        hasLaunched = true
        let pid = process.processIdentifier
        let latest = ProcessTable.ticksSinceBoot()
        // Reading the kernel's value costs as much as the rest of the bookkeeping. It lies between
        // the two times, which are usually equal.
        let startTicks = earliest == latest ? latest : ProcessTable.facts(of: pid)?.startTicks ?? 0
        let child = ChildProcess(
            process: process, pid: pid, sockets: input.takeSockets(),
            pidDescriptor: watched ? stepvisor_pidfd_open(pid) : -1, startTicks: startTicks)
        return child
    }

    /// Starts a helper of stepvisor itself, whose exit status is not needed: Foundation may reap
    /// it.
    ///
    /// - Parameters:
    ///   - request: the process to start; its `output` becomes standard output.
    ///   - standardInput: becomes its standard input.
    ///   - standardError: becomes its standard error.
    /// - Returns: the process.
    /// - Throws: why it could not be started.
    package func launchHelper(
        _ request: LaunchRequest, standardInput: Int32, standardError: Int32
    ) throws(LaunchFailure) -> ChildProcess {
        try ensureThread()
        try predictSockets()
        input.forget()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: request.program, isDirectory: false)
        process.arguments = request.arguments
        process.environment = request.environment
        if let directory = request.directory {
            process.currentDirectoryURL = URL(fileURLWithPath: directory, isDirectory: true)
        }
        process.standardInput = FileHandle(fileDescriptor: standardInput, closeOnDealloc: false)
        process.standardOutput = FileHandle(fileDescriptor: request.output, closeOnDealloc: false)
        process.standardError = FileHandle(fileDescriptor: standardError, closeOnDealloc: false)
        do {
            try Self.run(process)
        } catch {
            throw ProcessLauncher.explain(error as NSError, request)
        }
        hasLaunched = true
        // Record its sockets, so that they are not taken for those of the next step.
        input.learnAll()
        return ChildProcess(
            process: process, pid: process.processIdentifier, sockets: nil, pidDescriptor: -1,
            startTicks: 0)
    }

    /// Starts a process whatever signals come meanwhile.
    private static func run(_ process: Process) throws {
        stepvisor_launch_begins()
        defer { stepvisor_launch_ends() }
        try process.run()
    }

    /// Foundation starts a thread at the first launch, and waits for ever if the thread cannot
    /// start.
    private func ensureThread() throws(LaunchFailure) {
        guard !hasThread else { return }
        let code = stepvisor_probe_threads(1)
        guard code == 0 else {
            throw .temporary(
                "the system could not start a thread (\(SystemError.text(of: code))): raise "
                    + "`ulimit -u` or `ulimit -v`")
        }
        hasThread = true
    }

    /// Records the numbers that the next socketpair will get; throws when descriptors run out.
    private func predictSockets() throws(LaunchFailure) {
        let first = fcntl(input.descriptor, F_DUPFD_CLOEXEC, 3)
        let second = fcntl(input.descriptor, F_DUPFD_CLOEXEC, 3)
        if first >= 0 { close(first) }
        if second >= 0 { close(second) }
        guard first >= 0, second >= 0,
            rlim_t(second + reservedDescriptors) < descriptorLimit
        else {
            throw .temporary("too many open files (raise `ulimit -n`, or lower -j)")
        }
        input.expect(first, second)
    }

    /// Explains a failed launch, and whether the failure is permanent.
    ///
    /// The error's own text is "doesn't exist" for half of all causes, so the distinguishable
    /// causes are checked. The error number below it is that of the failed exec, and correct.
    private static func explain(_ error: NSError, _ request: LaunchRequest) -> LaunchFailure {
        let size =
            request.arguments.reduce(request.program.utf8.count) { $0 + $1.utf8.count + 9 }
            + request.environment.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 10 }
        let longest =
            (request.arguments.map(\.utf8.count)
            + request.environment.map { $0.key.utf8.count + $0.value.utf8.count + 1 }).max() ?? 0
        // execve(2): one string may have 32 pages, all together a quarter of the stack limit.
        if size > sysconf(Int32(_SC_ARG_MAX)) || longest >= 131_072 {
            return .permanent(
                "arguments and environment have \(size) bytes, the longest \(longest): more than "
                    + "the system passes to a program; hand large data over in a file")
        }
        if let directory = request.directory {
            var facts = stat()
            guard stat(directory, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR,
                access(directory, X_OK) == 0
            else {
                return .permanent("the working directory `\(directory)` cannot be entered")
            }
        }
        if access(request.program, X_OK) != 0 {
            return .permanent("`\(request.program)` cannot be executed any more")
        }
        let code = (error.userInfo[NSUnderlyingErrorKey] as? NSError)?.code ?? error.code
        let cause = Int32(clamping: code)
        switch cause {
        case ENOEXEC:
            return .permanent("`\(request.program)` is no program that this system can run")
        case ENOENT, EACCES, EPERM, ELOOP, ENOTDIR, EISDIR, ENAMETOOLONG, EINVAL:
            return .permanent(
                "`\(request.program)`, or the interpreter or loader that it needs, cannot be "
                    + "executed: \(SystemError.text(of: cause))")
        default:
            return .temporary(
                SystemError("start", "a process", code: cause).descriptionWithAdvice)
        }
    }

    /// Lets Foundation reap a process whose status has been read.
    package func retire(_ child: ChildProcess) {
        child.release()
        if let sockets = child.sockets { input.expectClosed(sockets) }
        retiring.append(child)
        retiringIdentifiers.insert(child.pid)
        if retiring.count >= retireThreshold { sweep() }
    }

    /// Breaks the cycle by which an ended `Process` retains itself (1.1 KiB a step otherwise).
    ///
    /// `waitUntilExit` returns at once when `isRunning` is false, and is called only then.
    private func sweep() {
        retiring.removeAll { child in
            guard !child.process.isRunning else { return false }
            child.process.waitUntilExit()
            retiringIdentifiers.remove(child.pid)
            if let sockets = child.sockets { input.forgetClosed(sockets) }
            return true
        }
        retireThreshold = retiring.count + 64
    }

    /// Waits, for a bounded time, until Foundation has reaped the processes given back to it.
    package func drain() {
        for round in 0..<2000 {
            sweep()
            if retiring.isEmpty { return }
            usleep(round < 20 ? 50 : 500)
        }
    }

    /// Whether Foundation may still be reaping a process; such a process is not an adopted orphan.
    package func isRetiring(_ pid: Int32) -> Bool { retiringIdentifiers.contains(pid) }
}

#if canImport(Glibc)
    private let resourceFileLimit = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
    private let resourceFileLimit = RLIMIT_NOFILE
#endif

/// A step's leader, from launch until Foundation may reap it.
package final class ChildProcess {
    package let process: Process
    package let pid: Int32
    /// When it started, in clock ticks since boot, as in `/proc/PID/stat`; 0 if unknown.
    package let startTicks: UInt64
    /// Readable at the leader's exit; -1 when the system has no pidfd.
    package private(set) var pidDescriptor: Int32
    /// Foundation's pair of sockets for this process; nil when it was not found.
    let sockets: SocketPair?
    /// The duplicate of the child's end; -1 when there is none, or it was closed.
    private var held: Int32

    package init(
        process: Process, pid: Int32, sockets: SocketPair?, pidDescriptor: Int32,
        startTicks: UInt64
    ) {
        self.process = process
        self.pid = pid
        self.sockets = sockets
        held = sockets?.duplicate ?? -1
        self.pidDescriptor = pidDescriptor
        self.startTicks = startTicks
    }

    deinit { release() }

    /// Whether the exit status can be read here, exactly and with its cost.
    package var isHeld: Bool { held >= 0 }

    /// How the leader ended, without reaping it; nil while it lives.
    package func exitStatus() -> (exit: ExitStatus, usage: ResourceUsage?)? {
        var status = stepvisor_child_status()
        if stepvisor_wait_status(pid, &status) == 0 {
            let usage = ResourceUsage(
                userMicroseconds: status.user_microseconds,
                systemMicroseconds: status.system_microseconds,
                peakMemoryKiB: ChildProcess.stepsOwn(status.peak_memory_kib))
            switch status.state {
            case Int32(CLD_EXITED): return (.exited(status.value), usage)
            case Int32(CLD_KILLED): return (.signalled(status.value, coreDumped: false), usage)
            case Int32(CLD_DUMPED): return (.signalled(status.value, coreDumped: true), usage)
            default: return nil
            }
        }
        return reapedByFoundation()
    }

    /// The kernel's peak memory if it is the step's: a child shares this process's memory until its
    /// `exec`, and the kernel's count begins there.
    private static func stepsOwn(_ counted: Int64) -> Int64? {
        // Our peak only grows: a value not above the last known peak needs no system call.
        guard counted > knownPeak.load(ordering: .relaxed) else { return nil }
        let peak = ProcessTable.ownPeakMemoryKiB()
        knownPeak.store(peak, ordering: .relaxed)
        return counted > peak ? counted : nil
    }

    private static let knownPeak = Atomic<Int64>(0)

    /// ECHILD means that Foundation was faster; its status may be read once `isRunning` is false.
    private func reapedByFoundation() -> (exit: ExitStatus, usage: ResourceUsage?)? {
        release()
        for _ in 0..<2000 where process.isRunning { usleep(500) }
        guard !process.isRunning else { return nil }
        let status = process.terminationStatus
        return process.terminationReason == .exit
            ? (.exited(status), nil) : (.signalled(status, coreDumped: false), nil)
    }

    /// Closes the duplicate, after which Foundation reaps the leader.
    package func release() {
        if held >= 0 {
            // Shut down, not just closed: a leftover that inherited the socket keeps it open.
            shutdown(held, Int32(SHUT_RDWR))
            close(held)
            held = -1
        }
        if pidDescriptor >= 0 {
            close(pidDescriptor)
            pidDescriptor = -1
        }
    }
}
