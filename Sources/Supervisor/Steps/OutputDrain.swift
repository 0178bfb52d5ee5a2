import Foundation
import Platform
import Synchronization
import SystemCalls

/// The thread that copies the output of steps with much output, so that it delays neither launches
/// nor exits.
///
/// Created for the first such step: most runs have none.
final class OutputDrain: Sendable {
    private struct Inbox {
        var arrived: [OutputPipe] = []
        var isOver = false
    }

    /// Readable when a log could not be written, or a pipe has reached its end.
    let descriptor: Int32
    private let alarm: Int32
    private let wakeUp: Int32
    private let bell: Int32
    private let inbox = Mutex(Inbox())

    /// Microseconds of output that are copied together.
    private static let gathering: UInt32 = 1000

    /// Starts the thread, which lives until ``end()``.
    init() throws(SystemError) {
        let code = stepvisor_probe_threads(1)
        guard code == 0 else { throw SystemError("start", "a thread", code: code) }
        var ends: [Int32] = [-1, -1]
        guard stepvisor_pipe(&ends, 1) == 0 else { throw SystemError("open", "a pipe") }
        var others: [Int32] = [-1, -1]
        guard stepvisor_pipe(&others, 1) == 0 else {
            let error = SystemError("open", "a pipe")
            for number in ends { LibC.close(number) }
            throw error
        }
        (descriptor, alarm) = (ends[0], ends[1])
        (wakeUp, bell) = (others[0], others[1])
        let thread = Thread { [self] in work() }
        thread.name = "stepvisor-output"
        thread.start()
    }

    deinit {
        for number in [descriptor, alarm, wakeUp, bell] { LibC.close(number) }
    }

    /// Adds a pipe, which is copied as long as any process writes to it.
    func add(_ pipe: OutputPipe) {
        inbox.withLock { $0.arrived.append(pipe) }
        OutputDrain.ring(bell)
    }

    /// Ends the thread; all pipes must be closed before.
    func end() {
        inbox.withLock { $0.isOver = true }
        OutputDrain.ring(bell)
    }

    /// Resets ``descriptor`` after it was handled.
    func silence() { OutputDrain.empty(descriptor) }

    private func work() {
        let buffer = CopyBuffer(size: 1 << 18)
        var pipes: [OutputPipe] = []
        while true {
            var entries = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
            entries += pipes.map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            var isLittle = true
            var left: [OutputPipe] = []
            for (pipe, entry) in zip(pipes, entries.dropFirst()) {
                let copied = entry.revents == 0 ? OutputPipe.Copied() : pipe.copy(by: buffer)
                if !copied.isOver { left.append(pipe) }
                if !copied.isLittle { isLittle = false }
                if copied.hasFailed || copied.isOver { OutputDrain.ring(alarm) }
            }
            pipes = left
            if entries[0].revents != 0 {
                OutputDrain.empty(wakeUp)
                let news = inbox.withLock { inbox in
                    defer { inbox.arrived = [] }
                    return inbox
                }
                if news.isOver { return }
                pipes += news.arrived
            } else if isLittle {
                // Steps that write line by line would wake this thread for each line.
                usleep(OutputDrain.gathering)
            }
        }
    }

    private static func ring(_ number: Int32) {
        var byte: UInt8 = 1
        _ = LibC.write(number, &byte, 1)
    }

    private static func empty(_ number: Int32) {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = bytes.count
        while LibC.read(number, &bytes, count) == count {}
    }
}
