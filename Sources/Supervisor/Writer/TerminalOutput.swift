import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Text on its way to a terminal, pipe or file whose reader may have stopped reading.
///
/// Nothing is written that would block, until the end: what cannot go out waits here up to a
/// bound, then live text is dropped and counted. A stalled reader stops no step.
struct TerminalOutput {
    private let descriptor: Int32
    private var waiting: [UInt8] = []
    /// What ended all writing; EPIPE where a reader has seen enough.
    private(set) var failure: SystemError?
    /// Pieces of live text that nobody will see.
    private(set) var dropped = 0

    /// Most that waits for a stalled reader.
    static let bound = 1 << 20
    /// pipe(7): what POLLOUT promises to take at once.
    private static let portion = 4096

    /// Whether text may be left out: what moves on a terminal is over when its reader comes back.
    ///
    /// A file or a program gets all of it, which is no more than the run's own record: a line for an
    /// event, since the steps' output stays in their logs until it can be written.
    private let mayDrop: Bool

    init(descriptor: Int32) {
        self.descriptor = descriptor
        mayDrop = isatty(descriptor) == 1
    }

    /// Queues text and writes what can be written now.
    mutating func write(_ text: String) {
        guard !text.isEmpty, failure == nil else { return }
        // However large a piece is: only a backlog tells that nobody reads.
        if mayDrop, waiting.count > TerminalOutput.bound {
            dropped += 1
        } else {
            waiting.append(contentsOf: text.utf8)
        }
        flush(timeout: 0)
    }

    /// Whether text waits for the reader.
    var isStalled: Bool { !waiting.isEmpty }

    /// Writes what waits.
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
                buffer.baseAddress.map { Platform.write(descriptor, $0 + done, size) } ?? 0
            }
            if count > 0 {
                done += count
            } else if count < 0, errno != EINTR, errno != EAGAIN {
                // The terminal is gone, the pipe is closed, the disk is full: the run goes on.
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

    /// The last text: waits for the reader as long as it takes, and says what was left out.
    mutating func finish(_ text: String) {
        flush(timeout: -1)
        if dropped > 0 {
            write("(\(dropped) pieces of live output were not shown: the reader had stopped)\n")
        }
        // Nothing waits any more, so nothing is dropped.
        write(text)
        flush(timeout: -1)
    }
}
