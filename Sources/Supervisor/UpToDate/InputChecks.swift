import Execution
import FileState
import Platform
import Processes
import StateStore

/// The files that steps read: checked before a step starts, so that a later run can tell whether its
/// result still holds, and after it has ended, so that a change in between is noticed.
///
/// Used on the loop's thread only; steps with many files are left to a thread of their own.
final class InputChecks {
    private let root: String
    private let recorder: RunRecorder
    private let queue: SchedulerQueue
    private let loop: EventLoop
    private var bases: StepBases
    private var worker: InputWorker?
    /// Steps whose files the worker checks before they start.
    private var awaited: [Int: LaunchOrder] = [:]
    /// Steps that run and read something: what, and its state at their start.
    private var running: [Int: Reading] = [:]
    /// Steps that have ended, and whose files the worker checks again.
    private var ended: [Int: Reading] = [:]

    /// The inputs of a step at its start.
    struct Snapshot {
        var files: FileSnapshot
        /// What it needs of others, and the state of that.
        var needs: [DependencyOutputs]
        var seen: DependencySnapshot
    }

    private struct Reading {
        var patterns: InputPatterns
        var signature: Int
        var count: Int
        /// The files as they were, to tell which have changed.
        var files: [FileRecord] = []
        /// What it needs of others, and the state of that at its start.
        var needs: [DependencyOutputs] = []
        var needsLook = DependencySnapshot()
    }

    /// The second check of more files than these is left to the worker.
    private static let fewFiles = 2000

    /// For a run of which no step has started yet.
    init(_ context: RunContext, recorder: RunRecorder, queue: SchedulerQueue, loop: EventLoop) {
        root = context.state.root
        bases = StepBases(plan: context.plan, root: root, environment: context.environment)
        self.recorder = recorder
        self.queue = queue
        self.loop = loop
    }

    // MARK: - Before a step starts

    /// Reads the state of what a step reads and needs, where that is quickly done; otherwise the worker
    /// does it.
    ///
    /// - Parameters:
    ///   - order: the launch that waits for it.
    ///   - hints: what is known of the files, sorted by path.
    ///   - needs: what the step needs of others.
    /// - Returns: nil where the worker does it, or where there is none and the launch is put off.
    func snapshot(
        for order: LaunchOrder, hints: [FileRecord], needs: [DependencyOutputs]
    ) -> Snapshot? {
        let patterns = bases.patterns(of: order.step)
        if let files = bases.quickLook(at: patterns, hints: hints),
            let seen = bases.quickLook(at: needs)
        {
            keep(files, of: patterns, needs, seen, for: order.step)
            return Snapshot(files: files, needs: needs, seen: seen)
        }
        guard let worker = startedWorker(for: order.step) else { return nil }
        awaited[order.step] = order
        worker.send(
            InputJob(
                step: order.step, patterns: patterns, purpose: .start,
                subject: "the inputs of `\(recorder.header.steps[order.step].id)`", hints: hints,
                needs: needs))
        return nil
    }

    /// Takes the launch that waits for the worker; nil when a stop has given it up.
    func takeAwaited(_ step: Int) -> LaunchOrder? { awaited.removeValue(forKey: step) }

    /// Keeps the inputs of a step at its start, as the worker has found them.
    func keep(_ snapshot: Snapshot, for step: Int) {
        keep(
            snapshot.files, of: bases.patterns(of: step), snapshot.needs, snapshot.seen, for: step)
    }

    private func keep(
        _ look: FileSnapshot, of patterns: InputPatterns, _ needs: [DependencyOutputs],
        _ seen: DependencySnapshot, for step: Int
    ) {
        guard look.count > 0 || !patterns.included.isEmpty || !needs.isEmpty else { return }
        running[step] = Reading(
            patterns: patterns, signature: look.signature, count: look.count + seen.count,
            files: look.files, needs: needs, needsLook: seen)
    }

    /// The basis of a step with these inputs.
    func basis(of step: Int, _ snapshot: Snapshot) -> StepBasis {
        bases.basis(of: step, snapshot.files)
    }

    /// The run is stopping: steps that wait for the worker do not start any more.
    func cancel() {
        for step in awaited.keys.sorted() {
            awaited[step] = nil
            queue.add(.launchDeferred(step: step, message: "the run stops"))
        }
    }

    // MARK: - The worker

    /// The thread that checks files.
    ///
    /// - Parameter step: The step whose launch is put off where there is none to be had.
    /// - Returns: The thread.
    private func startedWorker(for step: Int?) -> InputWorker? {
        if let worker { return worker }
        do {
            let started = try InputWorker(root: root, tell: recorder.teller)
            loop.add(started.descriptor, .inputs)
            worker = started
            return started
        } catch {
            if let step {
                queue.add(.launchDeferred(step: step, message: error.description))
            }
            return nil
        }
    }

    /// Has the worker check what a step has left.
    ///
    /// - Returns: false where there is no worker to be had.
    func checkOutputs(of step: Int, _ patterns: InputPatterns?) -> Bool {
        guard let worker = startedWorker(for: nil), let patterns else { return false }
        worker.send(
            InputJob(
                step: step, patterns: patterns, purpose: .outputs,
                subject: "the outputs of `\(recorder.header.steps[step].id)`"))
        return true
    }

    /// Takes what the worker has found.
    func takeAnswers() -> [InputAnswer] { worker?.take() ?? [] }

    /// Waits a moment for the worker, at the end of the run.
    func wait() { worker?.wait() }

    // MARK: - After a step has ended

    /// What has changed of the inputs of a step while it ran.
    enum Change {
        /// What it reads itself.
        case own(RunReason)
        /// The files of others.
        case needs
    }

    /// Whether the worker checks what a step has read.
    func isRechecking(of step: Int) -> Bool { ended[step] != nil }

    /// Whether the worker checks what any step has read.
    var isRechecking: Bool { !ended.isEmpty }

    /// The step has ended in a way that proves nothing.
    func forget(_ step: Int) {
        if !running.isEmpty { running[step] = nil }
    }

    /// A step has exited with 0: whether what it read is still what it was started from.
    ///
    /// - Returns: what has changed; nil also where the worker is asked.
    func recheck(_ step: Int) -> Change? {
        guard !running.isEmpty, let reading = running.removeValue(forKey: step)
        else { return nil }
        if reading.count > InputChecks.fewFiles, let worker {
            ended[step] = reading
            worker.send(
                InputJob(
                    step: step, patterns: reading.patterns, purpose: .end, needs: reading.needs))
            return nil
        }
        let needs = bases.look(at: reading.needs)
        return compare(reading, bases.signature(of: reading.patterns), needs)
    }

    /// What has changed of the inputs of a step, by what the worker has found.
    func takeEnd(_ answer: InputAnswer) -> Change? {
        ended.removeValue(forKey: answer.step).flatMap {
            compare($0, answer.signature, answer.needs)
        }
    }

    private func compare(
        _ reading: Reading, _ signature: Int, _ needs: DependencySnapshot
    ) -> Change? {
        if signature != reading.signature {
            return .own(RunReason.moved(bases.changes(in: reading.patterns, since: reading.files)))
        }
        return needs.own == reading.needsLook.own ? nil : .needs
    }
}
