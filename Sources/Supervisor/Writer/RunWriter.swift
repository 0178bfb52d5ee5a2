import Dispatch
import Execution
import Foundation
import Platform
import Processes
import StateStore
import Synchronization
import SystemCalls

/// The thread that folds the run's events: for the terminal, `progress.json`, and the disk.
///
/// The loop only queues events, so nothing here can delay a step.
final class RunWriter: Sendable {
    /// The state shared by the loop and the thread.
    private struct Mailbox {
        var events: [RunEvent] = []
        var isClosed = false
        /// The number of queued events when the status was requested.
        var statusAfter: Int?
        var isSuspended = false
        var question: QuestionChange?
        var problem: SystemError?
    }

    /// The new question, and the number of lines typed before it.
    private struct QuestionChange {
        var question: ReviewQuestion?
        var typedLines: Int
    }

    private let mailbox = Mutex(Mailbox())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let closing = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private let withdrawn = DispatchSemaphore(value: 0)
    private let resumed = DispatchSemaphore(value: 0)

    /// Starts the thread; throws when none can be started, which `Thread` would not report.
    init(desk: consuming RunWriterState) throws(SystemError) {
        let code = stepvisor_probe_threads(2)
        guard code == 0 else { throw SystemError("start", "a thread", code: code) }
        let handedOver = Mutex<RunWriterState?>(desk)
        let thread = Thread { [self] in
            // A background job writes its lines even with `stty tostop`: if it were stopped in the
            // middle of a run, its steps would have no supervisor.
            _ = stepvisor_block_in_thread(SIGTTOU)
            if let desk = handedOver.withLock({ $0.take() }) { work(at: desk) }
            finished.signal()
        }
        thread.name = "stepvisor-writer"
        thread.start()
    }

    /// Queues an event; never waits for the thread.
    func send(_ event: RunEvent) {
        let wasEmpty = mailbox.withLock { box in
            box.events.append(event)
            return box.events.count == 1
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Shows what runs now; several requests at once are shown as one.
    func showStatus() {
        mailbox.withLock { $0.statusAfter = $0.statusAfter ?? $0.events.count }
        wakeUp.signal()
    }

    /// Shows a question, or removes it when nil; `typedLines` were typed since the last call.
    func ask(_ question: ReviewQuestion?, typedLines: Int = 0) {
        mailbox.withLock { box in
            let typed = typedLines + (box.question?.typedLines ?? 0)
            box.question = QuestionChange(question: question, typedLines: typed)
        }
        wakeUp.signal()
    }

    /// Waits, for a bounded time, until everything is shown and the moving lines are removed from
    /// the terminal; nothing is shown from then on until `resume`.
    func withdraw() {
        // A late answer from the last time is not the answer to this request.
        while withdrawn.wait(timeout: .now()) == .success {}
        mailbox.withLock { $0.isSuspended = true }
        closing.signal()
        wakeUp.signal()
        _ = withdrawn.wait(timeout: .now() + .seconds(1))
    }

    /// Continues after `withdraw`.
    func resume() { resumed.signal() }

    /// The error of writing `progress.json`; returned once.
    func takeProblem() -> SystemError? {
        mailbox.withLock { box in
            defer { box.problem = nil }
            return box.problem
        }
    }

    /// Waits until everything is folded, drawn, written and on disk; after a second (a reader has
    /// stopped reading), it only waits as long as `isInterrupted` returns false.
    func close(isInterrupted: () -> Bool) -> SystemError? {
        mailbox.withLock { $0.isClosed = true }
        closing.signal()
        wakeUp.signal()
        var patience = DispatchTimeInterval.seconds(1)
        while finished.wait(timeout: .now() + patience) == .timedOut, !isInterrupted() {
            patience = .milliseconds(50)
        }
        return takeProblem()
    }

    private func work(at initial: RunWriterState) {
        var desk = initial
        desk.begin()
        while true {
            let patience = desk.nanosecondsUntilNextDuty()
            _ = wakeUp.wait(
                timeout: patience.map { .now() + .nanoseconds(Int(clamping: $0)) }
                    ?? .distantFuture)
            let news = mailbox.withLock { box in
                defer {
                    (box.events, box.statusAfter, box.isSuspended) = ([], nil, false)
                    box.question = nil
                }
                return box
            }
            if let count = news.statusAfter {
                desk.take(news.events.prefix(count))
                desk.showStatus()
            }
            desk.take(news.events.dropFirst(news.statusAfter ?? 0))
            if let change = news.question {
                desk.ask(change.question, typedLines: change.typedLines)
            }
            if news.isSuspended {
                desk.withdraw()
                withdrawn.signal()
                resumed.wait()
            }
            if news.isClosed {
                let problem = desk.end()
                mailbox.withLock { $0.problem = $0.problem ?? problem }
                return
            }
            if let problem = desk.doDuties() {
                mailbox.withLock { $0.problem = $0.problem ?? problem }
            }
            // Collects events in quick succession: a wake-up per event would cost a step's time.
            _ = closing.wait(timeout: .now() + .milliseconds(20))
        }
    }
}

/// The state of the writer thread; used by that thread only.
struct RunWriterState: Sendable {
    private var record: RunRecord
    private var document: ProgressDocument
    private var view: any RunView
    private var output: TerminalOutput
    /// Where messages go while standard output carries data.
    private var messages: TerminalOutput?
    /// Whether standard output carries requested data; then standard error carries the progress.
    private let outputIsData: Bool
    private let clock: RunClock
    private let directory: RunDirectory
    private let surroundings: @Sendable () -> ViewSurroundings
    /// Files that the journal refers to and that were not yet brought to the disk.
    private var newFiles: [String]
    private var isDirty = true
    private var lastProgress: RunTime?
    private var progressCost: Int64 = 0
    private var lastFrame: RunTime?
    private var lastSync: RunTime = .zero

    private static let progressInterval: Int64 = 250_000_000
    private static let syncInterval: Int64 = 1_000_000_000

    init(
        header: RunHeader, view: any RunView, output: Int32, clock: RunClock,
        directory: RunDirectory, newFiles: [String] = [],
        surroundings: @escaping @Sendable () -> ViewSurroundings
    ) {
        record = RunRecord(header: header)
        document = ProgressDocument(header: header, isWhole: false)
        self.view = view
        self.output = TerminalOutput(descriptor: output)
        outputIsData = output == STDOUT_FILENO
        if outputIsData { messages = TerminalOutput(descriptor: STDERR_FILENO) }
        self.clock = clock
        self.directory = directory
        self.newFiles = newFiles
        self.surroundings = surroundings
    }

    /// Writes the first document; delayed for a large run that skips, which may be over before it
    /// is due.
    mutating func begin() {
        if record.header.smart == .remembered, record.header.steps.count > 1000 {
            lastProgress = clock.now()
        } else {
            _ = writeProgress()
        }
    }

    mutating func take(_ events: ArraySlice<RunEvent>) {
        guard !events.isEmpty else { return }
        isDirty = true
        var text = ""
        for event in events {
            record.apply(event)
            text += view.handle(event, record: record)
        }
        output.write(text)
    }

    /// Nanoseconds until something is due without a further event; nil when nothing is.
    func nanosecondsUntilNextDuty() -> Int64? {
        let now = clock.now()
        var due: [Int64] = []
        if isDirty, let last = lastProgress { due.append(progressPause - (now - last)) }
        if let interval = view.frameInterval {
            due.append(lastFrame.map { interval - (now - $0) } ?? 0)
        }
        if output.isStalled || messages?.isStalled == true { due.append(100_000_000) }
        return due.min().map { max(0, $0) }
    }

    /// Draws, writes and syncs what is due.
    mutating func doDuties() -> SystemError? {
        let now = clock.now()
        if output.isStalled { output.flush(timeout: 0) }
        if messages?.isStalled == true { messages?.flush(timeout: 0) }
        if let interval = view.frameInterval, lastFrame.map({ now - $0 >= interval }) ?? true {
            lastFrame = now
            // A frame that cannot be read would only queue up behind the others.
            if !output.isStalled {
                output.write(view.frame(at: now, record: record, surroundings: surroundings()))
            }
        }
        guard isDirty, lastProgress.map({ now - $0 >= progressPause }) ?? true else { return nil }
        var problem = writeProgress()
        if let shortage = problem, [EMFILE, ENFILE, ENOMEM].contains(shortage.code) {
            // Ending steps release descriptors, and a later document contains everything.
            isDirty = true
            return nil
        }
        if now - lastSync >= RunWriterState.syncInterval {
            lastSync = now
            problem = synchroniseJournal() ?? problem
        }
        return problem
    }

    /// Brings the journal to the disk, and before it what it refers to.
    private mutating func synchroniseJournal() -> SystemError? {
        var problem: SystemError?
        for name in newFiles { problem = problem ?? directory.synchronise(name) }
        newFiles = []
        return problem ?? directory.synchronise(JournalFile.name)
    }

    mutating func showStatus() {
        let text = view.status(at: clock.now(), record: record, surroundings: surroundings())
        if messages == nil { output.write(text) } else { messages?.write(text) }
        lastFrame = nil
    }

    mutating func ask(_ question: ReviewQuestion?, typedLines: Int) {
        let now = clock.now()
        output.write(
            view.ask(
                question, typedLines: typedLines, at: now, record: record,
                surroundings: surroundings()))
        lastFrame = now
    }

    mutating func withdraw() {
        output.write(view.withdraw(surroundings: surroundings()))
        // While the process is stopped, what has happened can be read from the record.
        _ = writeProgress()
        lastFrame = nil
    }

    mutating func end() -> SystemError? {
        let now = clock.now()
        isDirty = true
        let written = writeProgress()
        let synchronised = synchroniseJournal()
        let problem = written ?? synchronised ?? directory.synchronise(RunWriterState.progressName)
        if let problem {
            // What is not recorded must not be shown as if it were.
            record.apply(RunEvent(.faulted(RunFault(problem)), at: now))
            record.apply(RunEvent(.runEnded(.aborted), at: now))
        }
        // What the reader has not taken yet is in the logs, and is read from there as it takes it.
        while output.failure == nil,
            let text = view.rest(at: now, record: record, surroundings: surroundings())
        {
            output.writeWhole(text)
        }
        output.finish(view.finish(at: now, record: record, surroundings: surroundings()))
        return problem ?? lostData
    }

    /// Requested data that could not be written; a reader that has closed its pipe is no loss.
    private var lostData: SystemError? {
        guard outputIsData, let failure = output.failure, failure.code != EPIPE else { return nil }
        return failure
    }

    static let progressName = "progress.json"

    /// The pause between two documents: at least 250 ms, and 20 times the cost of one document.
    private var progressPause: Int64 { max(RunWriterState.progressInterval, 20 * progressCost) }

    private mutating func writeProgress() -> SystemError? {
        let began = clock.now()
        isDirty = false
        lastProgress = began
        var problem: SystemError?
        do {
            try directory.replace(RunWriterState.progressName) { append in
                try document.write(record, at: began, to: append)
            }
        } catch {
            problem = error
        }
        progressCost = clock.now() - began
        return problem
    }
}
