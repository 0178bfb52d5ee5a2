import Platform
import SystemCalls

/// Text for a terminal, pipe or file whose reader may have stopped reading.
///
/// Until the end no write may block: unwritten text waits here up to a bound, then live text is
/// dropped and counted. A stalled reader stops no step.
struct TerminalOutput {
    private let descriptor: Int32
    private var waiting: [UInt8] = []
    /// The error that ended all writing; EPIPE when the reader has closed its pipe.
    private(set) var failure: SystemError?
    /// The number of dropped pieces of live text.
    private(set) var dropped = 0

    /// The largest number of bytes that wait for a stalled reader.
    static let bound = 1 << 20
    /// pipe(7): the number of bytes that POLLOUT guarantees to take at once.
    private static let portion = 4096

    /// Whether text may be dropped: redrawn lines on a terminal are obsolete when its reader
    /// returns.
    ///
    /// A file or a program gets all text, which is no more than the run's own record: one line for
    /// an event, since the steps' output stays in their logs until it can be written.
    private let mayDrop: Bool

    init(descriptor: Int32) {
        self.descriptor = descriptor
        mayDrop = isatty(descriptor) == 1
    }

    /// Queues text and writes what can be written now.
    mutating func write(_ text: String) {
        guard !text.isEmpty, failure == nil else { return }
        // However large one piece is: only a backlog shows that the reader has stopped.
        if mayDrop, waiting.count > TerminalOutput.bound {
            dropped += 1
        } else {
            waiting.append(contentsOf: text.utf8)
        }
        flush(timeout: 0)
    }

    /// Whether text waits for the reader.
    var isStalled: Bool { !waiting.isEmpty }

    /// Writes the waiting text.
    ///
    /// - Parameter timeout: milliseconds to wait for the reader each time; -1 for ever.
    mutating func flush(timeout: Int32) {
        var done = 0
        while done < waiting.count, failure == nil {
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&entry, 1, timeout)
            if ready < 0 && errno == EINTR { continue }
            guard ready > 0 else { break }
            let size = min(TerminalOutput.portion, waiting.count - done)
            let count = waiting.withUnsafeBytes { buffer in
                buffer.baseAddress.map { LibC.write(descriptor, $0 + done, size) } ?? 0
            }
            if count > 0 {
                done += count
            } else if count < 0, errno != EINTR, errno != EAGAIN {
                // The terminal is gone, the pipe is closed, or the disk is full: the run continues.
                failure = SystemError("write", "the output")
            }
        }
        waiting.removeFirst(failure == nil ? done : waiting.count)
    }

    /// Writes text, and waits for the reader as long as it takes.
    mutating func writeWhole(_ text: String) {
        flush(timeout: -1)
        write(text)
        flush(timeout: -1)
    }

    /// Writes the last text: waits for the reader as long as it takes, and reports what was
    /// dropped.
    mutating func finish(_ text: String) {
        flush(timeout: -1)
        if dropped > 0 {
            write("(\(dropped) pieces of live output were not shown: the reader had stopped)\n")
        }
        // Nothing is waiting any more, so nothing is dropped.
        write(text)
        flush(timeout: -1)
    }
}
