import Execution
import Platform
import Processes
import StateStore

/// Puts every fact of the run on record: into the journal first, then to the writer thread.
///
/// Used on the loop's thread only.
final class RunRecorder {
    let header: RunHeader
    let directory: RunDirectory
    let clock: RunClock
    private let secrets: SecretMask
    private let attempts: AttemptLogs
    private let queue: SchedulerQueue
    private let writer: RunWriter
    private var journal: JournalFile
    /// What the user should know before the first step starts.
    private let warnings: [String]
    /// What kept stepvisor itself from going on, the first of all.
    private(set) var problem: SystemError?

    /// Records the start of a run, and starts the writer thread.
    ///
    /// - Parameters:
    ///   - context: what the run was given.
    ///   - attempts: where the last line of a failure is read.
    ///   - queue: learns of what keeps the run from going on.
    ///   - journal: the run's journal, with its header only.
    ///   - newFiles: names of files that the journal refers to, to be brought to the disk with it.
    /// - Throws: what cannot be written, or that no thread can be started.
    init(
        _ context: RunContext, attempts: AttemptLogs, queue: SchedulerQueue,
        journal: consuming JournalFile, newFiles: [String]
    ) throws(SystemError) {
        let start = RunEvent(.runStarted(attempts.header), at: .zero)
        try journal.append(start)
        try context.state.pointLatest(at: attempts.directory.id)
        let logs = attempts.reader
        let descriptor = context.viewDescriptor
        let isTerminal = context.isTerminal
        writer = try RunWriter(
            desk: RunWriterState(
                header: attempts.header, view: context.view, output: descriptor,
                clock: attempts.clock, directory: attempts.directory, newFiles: newFiles,
                surroundings: { logs.surroundings(terminal: isTerminal ? descriptor : nil) }))
        writer.send(start)
        (header, directory, clock) = (attempts.header, attempts.directory, attempts.clock)
        secrets = context.secrets
        warnings = context.warnings
        self.attempts = attempts
        self.queue = queue
        self.journal = journal
    }

    // MARK: - Facts

    /// Writes a fact; a journal that cannot be written stops the run: exit 5, never success.
    func record(_ kind: RunEvent.Kind) {
        let told = kind.withLastLine(attempts.lastLine).masked(by: secrets)
        var event = RunEvent(told, at: clock.now())
        do {
            switch kind {
            // No action depends on it, and a large workflow may have thousands.
            case .skipped, .skippedTogether: try journal.hold(event)
            default: try journal.append(event)
            }
        } catch {
            stop(because: error)
            // An end that is not on record must not be shown as a good one.
            if case .runEnded = kind { event.kind = .runEnded(.aborted) }
        }
        // The room is for the last `progress.json`, where the disk has no other.
        if case .runEnded = kind { journal.finish() }
        writer.send(event)
    }

    /// Records a warning, about a step or about the run.
    func warn(_ text: String, about step: Int? = nil) {
        record(.warning(step: step, text))
    }

    /// Records what the user should know before the first step starts.
    func recordConcerns() {
        for warning in warnings { warn(warning) }
        if let concern = ProcessView.concern { warn(concern) }
    }

    /// Writes what the journal has kept back, before anything is waited for.
    func writeHeld() {
        do throws(SystemError) { try journal.writeHeld() } catch { stop(because: error) }
    }

    /// Stops the run for a problem of stepvisor itself; only the first one counts.
    func stop(because error: SystemError) {
        guard problem == nil else { return }
        problem = error
        let fault = RunFault(error)
        // A run that is over has nothing left to stop, but its end was not a good one.
        if queue.isFinished { record(.faulted(fault)) } else { queue.add(.faulted(fault)) }
    }

    // MARK: - The writer thread

    /// Shows a line about what is read, from any thread; nothing is recorded.
    var teller: @Sendable (String) -> Void {
        { [writer, clock, secrets] line in
            writer.send(RunEvent(.reading(secrets.masked(line)), at: clock.now()))
        }
    }

    /// Shows what runs now.
    func showStatus() { writer.showStatus() }

    /// Shows a question, or removes it when nil; `typedLines` were typed since the last call.
    func ask(_ question: ReviewQuestion?, typedLines: Int = 0) {
        writer.ask(question, typedLines: typedLines)
    }

    /// Takes the moving lines from the terminal, until ``resume()``.
    func withdraw() { writer.withdraw() }

    /// Shows again what happens.
    func resume() { writer.resume() }

    /// Stops the run where the writer thread could not write.
    func checkWriter() {
        if let error = writer.takeProblem() { stop(because: error) }
    }

    /// Waits until everything is shown and on the disk, after the last fact.
    ///
    /// - Parameter isInterrupted: asked again and again while nobody reads what is shown.
    func close(isInterrupted: () -> Bool) {
        let writerProblem = writer.close(isInterrupted: isInterrupted)
        problem = problem ?? writerProblem
    }
}
