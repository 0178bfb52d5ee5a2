import Execution
import Platform
import Processes
import StateStore

/// The way of steps' output into their logs: the pipes, the thread that copies what is much, and the
/// watch over the logs.
///
/// Used on the loop's thread only; ``OutputDrain`` copies on its own from the pipes that are handed
/// to it.
final class StepOutput {
    private let plan: RunPlan
    private let recorder: RunRecorder
    private let loop: EventLoop
    /// Every pipe to which a process may write, by a number of its own.
    private var pipes: [Int: OutputPipe] = [:]
    /// The pipe of each step's current process.
    private var current: [Int: Int] = [:]
    private var lastNumber = 0
    /// The thread that copies the output of steps with much output.
    private var drain: OutputDrain?
    private var hasNoThread = false
    private let buffer = CopyBuffer(size: 1 << 16)
    private var logWatch = LogWatch()

    /// Without a running step.
    init(plan: RunPlan, recorder: RunRecorder, loop: EventLoop) {
        self.plan = plan
        self.recorder = recorder
        self.loop = loop
    }

    // MARK: - A step starts

    /// Makes the pipes of a step's earlier attempts append to its log, to which another process is
    /// about to write.
    ///
    /// - Returns: whether there are such pipes.
    func shareLog(of step: Int) -> Bool {
        let others = pipes.values.filter { $0.step == step }
        for other in others { other.share() }
        return !others.isEmpty
    }

    /// Creates the pipe for a process that is about to be started.
    func openPipe(
        of step: Int, into log: consuming Descriptor, end: Int64, isOnly: Bool
    ) throws(SystemError) -> OutputPipe {
        try OutputPipe(
            of: step, into: log, end: end,
            path: "\(recorder.directory.path)/logs/\(recorder.header.steps[step].id).log",
            isOnly: isOnly, clock: recorder.clock)
    }

    /// Watches the pipe and the log of a step that has been started.
    func begin(_ pipe: OutputPipe, at begin: Int64) {
        lastNumber += 1
        pipes[lastNumber] = pipe
        current[pipe.step] = lastNumber
        loop.add(pipe.number, .output(pipe: lastNumber))
        logWatch.add(pipe.step, at: recorder.clock.now(), size: begin, mark: nil)
    }

    /// Watches the log of a step that has been started and writes it itself.
    func begin(_ step: Int, at begin: Int64, mark: LogMark?) {
        logWatch.add(step, at: recorder.clock.now(), size: begin, mark: mark)
    }

    // MARK: - Copying

    /// Copies the available output of a pipe.
    func copy(from number: Int) {
        guard let pipe = pipes[number] else { return }
        let copied = pipe.copy(by: buffer)
        stopIfFailed(pipe)
        if copied.isOver {
            forget(number)
        } else if copied.isLoud, let drain = startedDrain() {
            loop.remove(.output(pipe: number))
            drain.add(pipe)
        }
    }

    /// The thread that copies the output of steps with much output; nil when it cannot start, and
    /// the loop copies.
    private func startedDrain() -> OutputDrain? {
        if drain == nil, !hasNoThread {
            do throws(SystemError) {
                let started = try OutputDrain()
                loop.add(started.descriptor, .outputAlarm)
                drain = started
            } catch {
                hasNoThread = true
            }
        }
        return drain
    }

    /// Handles a log that could not be written, or a pipe that a process outliving its step has
    /// closed.
    func takeAlarm() {
        drain?.silence()
        for (number, pipe) in pipes {
            stopIfFailed(pipe)
            if pipe.isOver { forget(number) }
        }
    }

    private func stopIfFailed(_ pipe: OutputPipe) {
        guard let failure = pipe.takeFailure() else { return }
        recorder.warn(failure.description, about: pipe.step)
        recorder.stop(because: failure)
    }

    /// Copies everything that a step wrote before its end into its log.
    ///
    /// A process that outlives the step and still has its pipe continues to write to that log.
    func settle(_ step: Int) {
        stopIfLogIsFull(of: step)
        guard let number = current.removeValue(forKey: step), let pipe = pipes[number]
        else { return }
        let copied = pipe.settle(by: buffer)
        stopIfFailed(pipe)
        if copied.isOver { forget(number) }
    }

    /// Copies the available output of all pipes while the loop does something else.
    func copyAll() {
        for pipe in pipes.values {
            _ = pipe.copy(by: buffer)
            stopIfFailed(pipe)
        }
    }

    /// Copies all remaining output at the end of the run, when every process that could write has
    /// ended.
    func finish() {
        for (number, pipe) in pipes.sorted(by: { $0.key < $1.key }) {
            pipe.finish(by: buffer)
            stopIfFailed(pipe)
            forget(number)
        }
        guard let drain else { return }
        loop.remove(.outputAlarm)
        drain.end()
        self.drain = nil
    }

    private func forget(_ number: Int) {
        loop.remove(.output(pipe: number))
        pipes[number] = nil
    }

    private func pipe(of step: Int) -> OutputPipe? { current[step].flatMap { pipes[$0] } }

    // MARK: - The watch over the logs

    /// Nanoseconds until the logs are to be polled; nil when none is watched.
    func patience(at now: RunTime) -> Int64? { logWatch.patience(at: now) }

    /// Whether the logs are to be polled now.
    func isPollDue(at now: RunTime) -> Bool { logWatch.isDue(at: now) }

    /// Warns when a log was truncated or removed.
    func pollLogs() {
        for (step, number) in current {
            if let pipe = pipes[number] { logWatch.note(step, end: pipe.end) }
        }
        warnOfLosses(only: nil)
    }

    /// Looks at the log of a step that has ended for the last time.
    func end(_ step: Int) {
        if let pipe = pipe(of: step) { logWatch.note(step, end: pipe.end) }
        warnOfLosses(only: step)
        logWatch.remove(step)
    }

    /// Watches the log of a step no longer that cannot be ended.
    func abandon(_ step: Int) { logWatch.remove(step) }

    /// When a step last wrote something; the present time where that is not known.
    func lastOutput(of step: Int) -> RunTime {
        let now = recorder.clock.now()
        let pipe = pipe(of: step)
        if let pipe { logWatch.note(step, end: pipe.end) }
        let inLog = logWatch.lastOutput(of: step, at: now) {
            recorder.directory.logSize(of: recorder.header.steps[$0].id)
        }
        return [pipe?.lastOutput, inLog].compactMap(\.self).max() ?? now
    }

    private func warnOfLosses(only: Int?) {
        let directory = recorder.directory
        let losses = logWatch.losses(at: recorder.clock.now(), only: only) { step, known, mark in
            let id = recorder.header.steps[step].id
            let size = directory.logSize(of: id)
            guard mark != nil, size != nil, size != known, let log = directory.readLog(of: id)
            else { return LogWatch.Look(size: size) }
            return LogWatch.Look(size: size, stands: mark?.check(log) ?? true)
        }
        for (step, loss) in losses { recorder.warn(words(for: loss, of: step), about: step) }
    }

    /// Stops the run when the disk has no space left for a log that the step writes itself.
    ///
    /// Only the step was told that its write failed, and it may have succeeded all the same.
    private func stopIfLogIsFull(of step: Int) {
        guard plan.writesItsLog(step),
            let problem = recorder.directory.refusalOfRoom(
                inLogOf: recorder.header.steps[step].id)
        else { return }
        recorder.warn(problem.description, about: step)
        recorder.stop(because: problem)
    }

    private func words(for loss: LogWatch.Loss, of step: Int) -> String {
        let advice =
            plan.writesItsLog(step)
            ? ": something opened it anew, as `> /dev/stderr` does; with `log = \"auto\"` that "
                + "loses nothing" : ": what stood there is lost"
        return switch loss {
        case .removed:
            "somebody removed its log: what it writes goes to the removed file and is lost"
        case .cut(let before, let after):
            "its log was cut from \(before) to \(after) bytes\(advice)"
        case .overwritten: "its log was cut, and has grown again\(advice)"
        }
    }
}
