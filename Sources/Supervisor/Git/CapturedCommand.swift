import Execution
import Foundation

/// A short errand of stepvisor's own: a program whose output is read, for which nobody is asked.
struct CapturedCommand {
    /// What came of it.
    struct Result {
        var exit: ExitStatus
        var output: [UInt8]
        var error: [UInt8]
    }

    /// What keeps a program from having a result.
    enum Failure: Error, Hashable {
        case notStarted(String)
        /// It was ended.
        case tooSlow
    }

    let program: String
    let environment: [String: String]
    let directory: String
    /// Seconds that it may take.
    var limit: Double = 300

    /// What is kept of its messages.
    private static let mostErrorBytes = 64 << 10

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - launcher: what starts it; of the calling thread.
    /// - Returns: how it ended, and all that it wrote.
    /// - Throws: ``Failure`` where it could not be started, or took too long.
    func run(_ arguments: [String], with launcher: ProcessLauncher) throws(Failure) -> Result {
        var output = try CapturedStream()
        var error = try CapturedStream()
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
        output.closeWriteEnd()
        error.closeWriteEnd()
        let end = Date().addingTimeInterval(limit)
        var isLast = false
        while output.isOpen || error.isOpen {
            var entries = [output.entry, error.entry]
            poll(&entries, 2, isLast ? 0 : 50)
            let isQuiet = entries[0].revents == 0 && entries[1].revents == 0
            if entries[0].revents != 0 { output.read(limit: .max) }
            if entries[1].revents != 0 { error.read(limit: CapturedCommand.mostErrorBytes) }
            // What it started may live on and hold the pipes.
            if isQuiet, isLast { break }
            if isQuiet { isLast = !child.process.isRunning }
            if Date() > end { throw stop(child) }
        }
        while child.process.isRunning {
            usleep(200)
            if Date() > end { throw stop(child) }
        }
        child.process.waitUntilExit()
        let status = child.process.terminationStatus
        return Result(
            exit: child.process.terminationReason == .exit
                ? .exited(status) : .signalled(status, coreDumped: false),
            output: output.bytes, error: error.bytes)
    }

    private func stop(_ child: ChildProcess) -> Failure {
        _ = Platform.kill(child.pid, SIGKILL)
        child.process.waitUntilExit()
        return .tooSlow
    }
}

/// A pipe that a program writes to, and what has been read from it.
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

    /// Takes what is there; what is beyond the limit is dropped.
    mutating func read(limit: Int) {
        let size = 1 << 16
        var chunk = [UInt8](repeating: 0, count: size)
        let count = chunk.withUnsafeMutableBytes { Platform.read(readEnd, $0.baseAddress, size) }
        if count > 0 {
            bytes.append(contentsOf: chunk[..<min(count, max(0, limit - bytes.count))])
        } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
            close(readEnd)
            readEnd = -1
        }
    }
}
