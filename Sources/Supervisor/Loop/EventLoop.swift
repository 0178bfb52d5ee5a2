import Platform
import Processes
import Synchronization
import SystemCalls

/// One `poll` over everything that the loop waits for, and the signals that it has brought.
///
/// Used on the loop's thread only.
final class EventLoop {
    /// What a descriptor is watched for.
    enum Source: Hashable {
        case signals
        /// A leader's pidfd, by step index.
        case exit(step: Int)
        /// The thread that checks what steps read.
        case inputs
        /// The thread that does long work.
        case jobs
        /// The terminal, while a question waits for its answer.
        case terminal
        /// The reading end of a pipe with a step's output.
        case output(pipe: Int)
        /// The thread that copies the output of loud steps could not write a log, or has come to the
        /// end of a pipe.
        case outputAlarm
        /// The writing end of the guardian's pipe, which tells of its end only.
        case guardian
    }

    private var entries: [pollfd] = []
    private var sources: [Source] = []
    private let signals: SignalSource
    /// The first signal that has stopped the run.
    private(set) var stopSignal: Int32?

    /// Waits for signals, and for what is added.
    init(signals: SignalSource) {
        self.signals = signals
        add(signals.descriptor, .signals)
    }

    /// Watches a descriptor until it is removed.
    func add(_ descriptor: Int32, _ source: Source) {
        entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        sources.append(source)
    }

    /// Stops watching; linear in what is watched.
    func remove(_ source: Source) {
        guard let index = sources.firstIndex(of: source) else { return }
        entries.swapAt(index, entries.count - 1)
        sources.swapAt(index, sources.count - 1)
        entries.removeLast()
        sources.removeLast()
    }

    /// Waits until something is ready, a signal has come, or the time is over.
    ///
    /// - Parameter nanoseconds: how long at most; nil for ever.
    /// - Returns: what is ready, in no particular order.
    func wait(nanoseconds: Int64?) -> [Source] {
        // Rounded up: waking a moment too early would spin until the deadline.
        let timeout =
            nanoseconds.map { Int32(clamping: max(0, ($0 + 999_999) / 1_000_000)) } ?? -1
        var count = poll(&entries, nfds_t(entries.count), timeout)
        // Interrupted: the handler has written into the pipe, which is ready by now.
        if count < 0 && errno == EINTR { count = poll(&entries, nfds_t(entries.count), 0) }
        guard count > 0 else { return [] }
        var ready: [Source] = []
        for index in entries.indices where entries[index].revents != 0 {
            ready.append(sources[index])
        }
        return ready
    }

    // MARK: - Signals

    /// All signals that have come since the last call, in order; SIGCHLD at most once.
    func takeSignals() -> [Int32] { signals.take() }

    /// Keeps the signal that stops the run, unless an earlier one did.
    func noteStop(by signal: Int32) { stopSignal = stopSignal ?? signal }

    /// What ends the wait for somebody to read the last words.
    func signalAtTheEnd() -> Int32? {
        let taken = signals.take()
        if taken.contains(SIGTSTP) { ProcessSetup.stopByTerminal() }
        return taken.first(where: ProcessSetup.stopSignals.contains)
    }

    /// Whether a signal has stopped the run, be it while only its end is left to be written.
    var isStoppedAtTheEnd: Bool {
        if stopSignal == nil { stopSignal = signalAtTheEnd() }
        return stopSignal != nil
    }

    /// Tells during long work at the end of a run, on any thread, whether no stop signal has come.
    func wantedUntilStopped() -> @Sendable () -> Bool {
        let (source, interruption) = (signals, Interruption())
        return {
            if source.take().contains(where: ProcessSetup.stopSignals.contains) {
                interruption.hasCome.store(true, ordering: .relaxed)
            }
            return !interruption.hasCome.load(ordering: .relaxed)
        }
    }

    /// Whether a signal has come that stops the current scan.
    private final class Interruption: Sendable {
        let hasCome = Atomic<Bool>(false)
    }
}

/// Signals as bytes of a pipe that their handler writes.
struct SignalSource {
    let descriptor: Int32

    /// Opens the pipe and installs the handlers; once per process.
    init() throws(SystemError) {
        descriptor = stepvisor_signal_pipe()
        guard descriptor >= 0 else { throw SystemError("open", "signal pipe") }
        ProcessSetup.catchRunSignals()
    }

    /// All signals that have come since the last call, in order; SIGCHLD at most once.
    func take() -> [Int32] {
        var buffer = [UInt8](repeating: 0, count: 256)
        var signals: [Int32] = []
        while true {
            let count = buffer.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 { signals += buffer[..<count].map(Int32.init) }
            // Fewer than asked for: the pipe is empty.
            if count >= 0 && count < buffer.count || count < 0 && errno != EINTR {
                // Only now: armed before the pipe is empty, one more SIGCHLD would be taken out
                // with the rest and leave the next one unwritten, for ever. One that comes before
                // this line is not written, but its child is among those that the caller asks.
                stepvisor_rearm_child_signal()
                return signals
            }
        }
    }
}
