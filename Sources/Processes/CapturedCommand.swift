package import Execution
import Foundation
import Platform
import SystemCalls

/// A short program that stepvisor runs for itself, with captured output and without input.
package struct CapturedCommand {
    /// The result of the program.
    package struct Result {
        package var exit: ExitStatus
        package var output: [UInt8]
        package var error: [UInt8]
    }

    /// Why a program has no result.
    package enum Failure: Error, Hashable {
        case notStarted(String)
        /// It exceeded its time and was ended.
        case tooSlow
    }

    package let program: String
    package let environment: [String: String]
    package let directory: String
    /// Seconds that it may take.
    package var limit: Double = 300
    /// Seconds after which a message says that it takes long.
    package var patience = Double.infinity
    /// The largest number of bytes kept of its output.
    package var maxOutputBytes = Int.max
    /// Whether processes that it leaves running are ended.
    package var endsLeftovers = false

    /// With all that it holds.
    package init(
        program: String, environment: [String: String], directory: String, limit: Double = 300,
        patience: Double = Double.infinity, maxOutputBytes: Int = Int.max,
        endsLeftovers: Bool = false
    ) {
        self.program = program
        self.environment = environment
        self.directory = directory
        self.limit = limit
        self.patience = patience
        self.maxOutputBytes = maxOutputBytes
        self.endsLeftovers = endsLeftovers
    }

    /// The largest number of bytes kept of its error output.
    private static let maxErrorBytes = 64 << 10

    /// Runs the program to its end.
    ///
    /// It has a process group of its own, which a Ctrl-C does not reach: a signal that ends this
    /// process ends the program too. Only to be called while no run handles the signals.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - launcher: starts the program; owned by the calling thread.
    ///   - waiting: called once, when it takes longer than ``patience``.
    /// - Returns: how it ended, and all its output.
    /// - Throws: ``Failure`` when it could not be started, or took too long.
    package func run(
        _ arguments: [String], with launcher: ProcessLauncher, waiting: () -> Void = {}
    ) throws(Failure) -> Result {
        var output = try CapturedStream()
        var error = try CapturedStream()
        let signals = ErrandSignals()
        defer { signals.restore() }
        let request = LaunchRequest(
            program: program, arguments: arguments, environment: environment,
            directory: directory, output: output.writeEnd)
        let child: ChildProcess
        do throws(LaunchFailure) {
            child = try launcher.launchHelper(
                request, standardInput: launcher.nullInput, standardError: error.writeEnd)
        } catch {
            switch error {
            case .permanent(let text), .temporary(let text): throw .notStarted(text)
            }
        }
        defer { launcher.retire(child) }
        output.closeWriteEnd()
        error.closeWriteEnd()
        let begin = RunClock.monotonicNanoseconds()
        var isPatient = true
        var exit: ExitStatus?
        // Its children may live on and hold the pipes: once it has ended, what is in them is all.
        while output.isOpen || error.isOpen || exit == nil {
            let hasEnded = exit != nil
            var entries = [output.entry, error.entry, signals.entry]
            poll(&entries, 3, hasEnded ? 0 : pause(output.isOpen || error.isOpen))
            if entries[2].revents != 0, let signal = signals.take() {
                _ = LibC.kill(-child.pid, SIGKILL)
                ProcessSetup.die(by: signal)
            }
            let isQuiet = entries[0].revents == 0 && entries[1].revents == 0
            if entries[0].revents != 0 { output.read(limit: maxOutputBytes) }
            if entries[1].revents != 0 { error.read(limit: CapturedCommand.maxErrorBytes) }
            if isQuiet, hasEnded { break }
            exit = exit ?? child.exitStatus()?.exit
            let elapsed = Double(RunClock.monotonicNanoseconds() - begin) / 1e9
            if isPatient, elapsed > patience {
                isPatient = false
                waiting()
            }
            if elapsed > limit {
                _ = LibC.kill(-child.pid, SIGKILL)
                throw .tooSlow
            }
        }
        if endsLeftovers { _ = LibC.kill(-child.pid, SIGKILL) }
        return Result(
            exit: exit ?? .signalled(SIGKILL, coreDumped: false), output: output.bytes,
            error: error.bytes)
    }

    /// Milliseconds until the next check whether it has ended; its pipes signal most ends earlier.
    private func pause(_ hasPipes: Bool) -> Int32 { hasPipes ? 50 : 1 }
}

/// Handles the signals that end this process while it has a child that they do not reach.
private struct ErrandSignals {
    private let descriptor = stepvisor_signal_pipe()
    private let caught: [Int32]

    init() {
        guard descriptor >= 0 else {
            caught = []
            return
        }
        caught = ProcessSetup.stopSignals.filter { stepvisor_is_ignored($0) == 0 }
        for signal in caught { _ = stepvisor_install_handler(signal) }
    }

    var entry: pollfd { pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0) }

    /// The first signal that has come.
    func take() -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let size = buffer.count
        let count = buffer.withUnsafeMutableBytes {
            LibC.read(descriptor, $0.baseAddress, size)
        }
        guard count > 0 else { return nil }
        return buffer[..<count].lazy.map(Int32.init).first { caught.contains($0) }
    }

    /// Restores the default: the signals end this process by themselves again.
    func restore() {
        for signal in caught { _ = stepvisor_restore_default(signal) }
        if descriptor >= 0, let signal = take() { ProcessSetup.die(by: signal) }
    }
}

/// A pipe to which a program writes, and what has been read from it.
private struct CapturedStream: ~Copyable {
    private(set) var bytes: [UInt8] = []
    private var readEnd: Int32
    private(set) var writeEnd: Int32

    init() throws(CapturedCommand.Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw .notStarted("there is no pipe: \(SystemError.text(of: errno))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        if readEnd >= 0 { close(readEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }

    var isOpen: Bool { readEnd >= 0 }

    var entry: pollfd { pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0) }

    mutating func closeWriteEnd() {
        if writeEnd >= 0 { close(writeEnd) }
        writeEnd = -1
    }

    /// Reads what is available; drops what exceeds the limit.
    mutating func read(limit: Int) {
        let size = 1 << 16
        var chunk = [UInt8](repeating: 0, count: size)
        let count = chunk.withUnsafeMutableBytes { LibC.read(readEnd, $0.baseAddress, size) }
        if count > 0 {
            bytes.append(contentsOf: chunk[..<min(count, max(0, limit - bytes.count))])
        } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
            close(readEnd)
            readEnd = -1
        }
    }
}
