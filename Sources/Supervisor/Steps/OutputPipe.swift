import Execution
import Platform
import Processes
import Synchronization
import SystemCalls

/// The path of a step's standard output and error into its log: a pipe, and the open log at its
/// end.
///
/// The loop copies the little that most steps write; the pipe of a step with much output is given
/// to ``OutputDrain``, whose thread copies too. A lock lets one of them copy at a time.
final class OutputPipe: Sendable {
    /// The result of one round of copying.
    struct Copied {
        /// How many bytes were read from the pipe.
        var bytes = 0
        /// Whether no process can write any more, and all is in the log.
        var isOver = false
        /// Whether so much came that a thread of its own should copy the rest.
        var isLoud = false
        /// Whether the pipe was nearly empty, so that after a pause more could be copied together.
        var isLittle = true
        /// Whether the log could not be written, and ``takeFailure()`` has not returned the error
        /// yet.
        var hasFailed = false
    }

    let step: Int
    /// The read end, which stays open as long as this object, so that a polling thread never polls
    /// a number that has become another file's.
    let number: Int32
    private let path: String
    private let clock: RunClock
    private let state: Mutex<State>

    private struct State {
        /// Nothing is read from it any more.
        var isOver = false
        /// Our own write end, without which every end of a step would wake the loop; -1 when
        /// closed.
        var sink: Int32
        var log: Int32
        /// Whether bytes go from pipe to log inside the kernel.
        var isSpliced = false
        /// Whether they may: no other process writes to the log.
        var maySplice: Bool
        var isWide = false
        var capacity = OutputPipe.usualCapacity
        var rounds = 0
        /// Where the log ends, as far as this object knows.
        var end: Int64
        var lastOutput: RunTime
        /// Why the log could not be written; later output is discarded, so that no step blocks on a
        /// full pipe.
        var failure: SystemError?
        var isFailureTaken = false

        /// From now on every write appends, even when another process writes to the log.
        mutating func append() {
            isSpliced = false
            let flags = fcntl(log, F_GETFL)
            if flags >= 0 { _ = fcntl(log, F_SETFL, flags | O_APPEND) }
        }

        mutating func close() {
            for number in [sink, log] where number >= 0 { LibC.close(number) }
            (sink, log) = (-1, -1)
            isOver = true
        }
    }

    /// The default capacity of a pipe in bytes.
    private static let usualCapacity = 65_536
    /// The capacity for a step with much output, in bytes.
    private static let wideCapacity = 1 << 20
    /// After this many rounds, a step that never filled its pipe is given to the thread too.
    private static let manyRounds = 64
    /// Bytes read from one pipe before others are served.
    private static let portion = 1 << 20

    /// Creates a pipe into a log.
    ///
    /// - Parameters:
    ///   - step: the step whose output it is.
    ///   - log: open for appending.
    ///   - end: bytes in it.
    ///   - path: the log's path, for messages.
    ///   - isOnly: false when another process may still write to the log.
    ///   - clock: the run's clock.
    /// - Throws: when the system has no pipe left.
    init(
        of step: Int, into log: consuming Descriptor, end: Int64, path: String, isOnly: Bool,
        clock: RunClock
    ) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard stepvisor_output_pipe(&ends) == 0 else { throw SystemError("open", "pipe") }
        self.step = step
        self.path = path
        self.clock = clock
        number = ends[0]
        state = Mutex(
            State(
                sink: ends[1], log: log.release(), maySplice: isOnly, end: end,
                lastOutput: clock.now()))
    }

    deinit {
        state.withLock { $0.close() }
        LibC.close(number)
    }

    /// Whether everything written to it is in the log, and nothing more can come.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Becomes the step's standard output and error; -1 once the step has been settled.
    var sink: Int32 { state.withLock { $0.sink } }

    /// When bytes were last read from the pipe; the current time when it contains some.
    var lastOutput: RunTime {
        state.withLock { state in
            let isWaiting = !state.isOver && stepvisor_pipe_fill(number) > 0
            return isWaiting ? clock.now() : state.lastOutput
        }
    }

    /// The smallest size that the log must have, unless it was truncated.
    var end: Int64 { state.withLock { $0.end } }

    /// Why the log could not be written; returned once.
    func takeFailure() -> SystemError? {
        state.withLock { state in
            guard let failure = state.failure, !state.isFailureTaken else { return nil }
            state.isFailureTaken = true
            return failure
        }
    }

    /// Called before another process begins to write to the log.
    func share() {
        state.withLock { state in
            state.maySplice = false
            state.append()
        }
    }

    /// Copies what is available now, up to the portion of one round.
    ///
    /// - Parameter buffer: the caller's, used by one thread at a time.
    /// - Returns: the result.
    func copy(by buffer: CopyBuffer) -> Copied {
        state.withLock { state in
            guard !state.isOver else { return Copied(isOver: true) }
            var copied = Copied()
            copyAll(upTo: OutputPipe.portion, by: buffer, &state, &copied)
            state.rounds += 1
            copied.isLittle = copied.bytes < state.capacity / 4
            copied.isLoud = state.isWide || state.rounds >= OutputPipe.manyRounds
            copied.hasFailed = state.failure != nil && !state.isFailureTaken
            if copied.isOver { state.close() }
            return copied
        }
    }

    /// Copies what the step has written by now; output of processes that still have the pipe is
    /// copied when it comes.
    func settle(by buffer: CopyBuffer) -> Copied {
        state.withLock { state in
            if state.sink >= 0 { LibC.close(state.sink) }
            state.sink = -1
            guard !state.isOver else { return Copied(isOver: true) }
            var copied = Copied()
            // Usually it is empty and at its end, which one read shows.
            copyAll(upTo: 1, by: buffer, &state, &copied)
            if copied.bytes > 0, !copied.isOver {
                let left = Int(stepvisor_pipe_fill(number))
                copyAll(upTo: left + 1, by: buffer, &state, &copied)
            }
            if copied.isOver { state.close() }
            return copied
        }
    }

    /// Copies what is available, and ends the copying, even when a process still has the pipe open.
    func finish(by buffer: CopyBuffer) {
        _ = settle(by: buffer)
        state.withLock { $0.close() }
    }

    /// Copies until at least this much was copied, or the pipe is empty.
    private func copyAll(
        upTo limit: Int, by buffer: CopyBuffer, _ state: inout State, _ copied: inout Copied
    ) {
        let before = copied.bytes
        while copied.bytes - before < limit {
            let count = move(by: buffer, &state)
            if count == 0 { copied.isOver = true }
            guard count > 0 else { break }
            copied.bytes += count
            if count >= OutputPipe.usualCapacity { widen(&state) }
        }
        if copied.bytes > before { state.lastOutput = clock.now() }
    }

    /// Moves one piece.
    ///
    /// - Returns: its length; 0 at the end, -1 when nothing is available.
    private func move(by buffer: CopyBuffer, _ state: inout State) -> Int {
        while true {
            if state.isSpliced, state.failure == nil {
                let count = splice(&state)
                if count >= 0 || errno == EAGAIN { return count }
                if errno == EINTR { continue }
                // Either this file system cannot splice, or writing will fail as well.
                state.maySplice = false
                state.append()
            }
            let count = LibC.read(number, buffer.bytes.baseAddress, buffer.bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count }
            if state.failure == nil { write(buffer, count, &state) }
            return count
        }
    }

    private func splice(_ state: inout State) -> Int {
        var facts = stat()
        // Do not overwrite the output of a process that has appended to the log or truncated it.
        guard fstat(state.log, &facts) == 0, Int64(facts.st_size) == state.end else {
            errno = EINVAL
            return -1
        }
        let count = stepvisor_splice(number, state.log, OutputPipe.wideCapacity)
        if count > 0 { state.end += Int64(count) }
        return count
    }

    private func write(_ buffer: CopyBuffer, _ count: Int, _ state: inout State) {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])
        let code = FileBytes.write(bytes, to: state.log)
        if code == 0 {
            state.end += Int64(count)
        } else {
            state.failure = SystemError("write", path, code: code)
        }
    }

    /// Called when a step has filled its pipe: enlarges it, and moves its bytes inside the kernel.
    private func widen(_ state: inout State) {
        guard !state.isWide else { return }
        state.isWide = true
        let capacity = stepvisor_widen_pipe(number, Int32(OutputPipe.wideCapacity))
        if capacity > 0 { state.capacity = Int(capacity) }
        guard state.maySplice, state.failure == nil else { return }
        // Splicing needs an offset of its own: it fails on a file that is open for appending.
        let flags = fcntl(state.log, F_GETFL)
        guard flags >= 0, fcntl(state.log, F_SETFL, flags & ~O_APPEND) == 0,
            lseek(state.log, 0, SEEK_END) == off_t(state.end)
        else {
            state.append()
            return
        }
        state.isSpliced = true
    }
}

/// A buffer for copying, used by one thread.
final class CopyBuffer {
    fileprivate let bytes: UnsafeMutableRawBufferPointer

    /// Allocates a buffer of this size.
    init(size: Int) {
        bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
    }

    deinit { bytes.deallocate() }
}
