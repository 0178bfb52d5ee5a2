import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A command that was started: it can be signalled, and is waited for with a limit.
public final class RunningCommand {
    private let process = Process()
    private let output: Capture
    private let error: Capture
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Its process id, which is also the id of its process group.
    public var pid: Int32 { process.processIdentifier }

    init(program: String, arguments: [String], environment: [String: String], directory: URL) throws {
        output = Capture()
        error = Capture()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output.pipe
        process.standardError = error.pipe
        let hasEnded = hasEnded
        process.terminationHandler = { _ in hasEnded.signal() }
        try process.run()
        output.begin()
        error.begin()
    }

    /// Sends a signal to the command itself, not to what it started.
    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits until it has ended, at most so long; then its group is killed.
    public func wait(seconds: Int = 30) -> CommandResult {
        let isLate = hasEnded.wait(timeout: .now() + .seconds(seconds)) == .timedOut
        if isLate {
            kill(-process.processIdentifier, SIGKILL)
            kill(process.processIdentifier, SIGKILL)
            _ = hasEnded.wait(timeout: .now() + .seconds(5))
        }
        let texts = (output.text(), error.text())
        let end: CommandResult.End
        if isLate {
            end = .timedOut
        } else if process.terminationReason == .uncaughtSignal {
            end = .signal(process.terminationStatus)
        } else {
            end = .exit(process.terminationStatus)
        }
        return CommandResult(end: end, output: texts.0, error: texts.1)
    }
}

/// Reads a pipe to its end on a thread of its own, so that no writer ever waits for a reader.
private final class Capture: Sendable {
    let pipe = Pipe()
    private let bytes = Mutex<[UInt8]>([])
    private let isAtEnd = DispatchSemaphore(value: 0)

    func begin() {
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        try? pipe.fileHandleForWriting.close()
        let thread = Thread { [self] in
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count > 0 {
                    let portion = buffer[..<count]
                    bytes.withLock { $0 += portion }
                } else if count == 0 || errno != EINTR {
                    break
                }
            }
            isAtEnd.signal()
        }
        thread.start()
    }

    /// What was written; somebody who keeps the pipe open is waited for a moment only.
    func text() -> String {
        _ = isAtEnd.wait(timeout: .now() + .seconds(2))
        return String(decoding: bytes.withLock { $0 }, as: UTF8.self)
    }
}
