import Execution
import FileState
import Platform
import Processes
import StateStore

/// What is known of the files that steps read, while they wait for their start and while they run.
struct InputState {
    fileprivate var bases: StepBases
    fileprivate var worker: InputWorker?
    /// Steps whose files are being looked at before they start.
    fileprivate var awaited: [Int: LaunchOrder] = [:]
    /// Steps that run and read something: what, and how it looked at their start.
    fileprivate var running: [Int: Reading] = [:]
    /// Steps that have ended, and whose files are being looked at again.
    fileprivate var ended: [Int: Reading] = [:]

    fileprivate struct Reading {
        var patterns: InputPatterns
        var signature: Int
        var count: Int
        /// The files as they were, to tell which have changed.
        var files: [FileRecord] = []
        /// What it needs of others, and how that looked.
        var needs: [DependencyOutputs] = []
        var needsLook = DependencySnapshot()
    }

    /// A look again at more files than these is left to the worker.
    fileprivate static let fewFiles = 2000

    init(plan: RunPlan, root: String, environment: [String: String]) {
        bases = StepBases(plan: plan, root: root, environment: environment)
    }

    /// The step has ended in a way that proves nothing.
    mutating func forget(_ step: Int) {
        if !running.isEmpty { running[step] = nil }
    }

    fileprivate mutating func keep(
        _ look: FileSnapshot, of patterns: InputPatterns, _ needs: [DependencyOutputs],
        _ seen: DependencySnapshot,
        for step: Int
    ) {
        guard look.count > 0 || !patterns.included.isEmpty || !needs.isEmpty else { return }
        running[step] = Reading(
            patterns: patterns, signature: look.signature, count: look.count + seen.count,
            files: look.files, needs: needs, needsLook: seen)
    }
}

/// Looking at what steps read: before they start, so that their result can be told to hold later,
/// and after they have ended, so that a change in between is seen.
extension Supervisor {
    /// Starts a step once it is known what it is started from: now, or when the worker has looked.
    func launch(_ order: LaunchOrder) {
        guard !awaitsProducts(of: order) else { return }
        attempts.prepare(order)
        let isRemembered = freshness.look.remembers(order.step)
        let patterns = inputs.bases.patterns(of: order.step)
        let hints = isRemembered ? freshness.look.hints(for: order.step) : []
        let needs = isRemembered ? freshness.look.needs(of: order.step) : []
        if let look = inputs.bases.quickLook(at: patterns, hints: hints),
            let seen = inputs.bases.quickLook(at: needs)
        {
            start(order, look, patterns, needs, seen)
            return
        }
        guard let worker = inputWorker(for: order.step) else { return }
        inputs.awaited[order.step] = order
        worker.send(
            InputJob(
                step: order.step, patterns: patterns, purpose: .start,
                subject: "the inputs of `\(header.steps[order.step].id)`", hints: hints,
                needs: needs))
    }

    private func start(
        _ order: LaunchOrder, _ look: FileSnapshot, _ patterns: InputPatterns,
        _ needs: [DependencyOutputs],
        _ seen: DependencySnapshot
    ) {
        inputs.keep(look, of: patterns, needs, seen, for: order.step)
        guard noteStart(order, look, needs, seen) else {
            queue.add(.launchDeferred(step: order.step, message: "the run stops"))
            return
        }
        start(order, basis: inputs.bases.basis(of: order.step, look))
    }

    /// The thread that looks at files.
    ///
    /// - Parameter step: The step whose launch is put off where there is none to be had.
    /// - Returns: The thread.
    func inputWorker(for step: Int?) -> InputWorker? {
        if let worker = inputs.worker { return worker }
        do {
            let worker = try InputWorker(root: context.state.root, tell: recorder.teller)
            loop.add(worker.descriptor, .inputs)
            inputs.worker = worker
            return worker
        } catch {
            if let step {
                queue.add(.launchDeferred(step: step, message: error.description))
            }
            return nil
        }
    }

    /// Takes what the worker has seen.
    func takeLooks() {
        for answer in inputs.worker?.take() ?? [] {
            switch (answer.purpose, answer.look) {
            case (.start, let look?):
                // One that is not awaited any more was given up by a stop.
                guard let order = inputs.awaited.removeValue(forKey: answer.step) else { continue }
                let needs =
                    freshness.look.remembers(order.step)
                    ? freshness.look.needs(of: order.step) : []
                start(
                    order, look, inputs.bases.patterns(of: order.step), needs, answer.needs)
            case (.outputs, let look?):
                keep(look, of: answer.step)
            default:
                if let reading = inputs.ended.removeValue(forKey: answer.step) {
                    compare(reading, answer.signature, answer.needs, of: answer.step)
                }
            }
        }
    }

    /// Whether the worker looks at what a step has read.
    func isLookingAgain(at step: Int) -> Bool { inputs.ended[step] != nil }

    /// The run is stopping: steps that wait for the worker do not start any more.
    func cancelChecks() {
        for step in inputs.awaited.keys.sorted() {
            inputs.awaited[step] = nil
            queue.add(.launchDeferred(step: step, message: "the run stops"))
        }
        giveUpAwaiting()
    }

    /// A step has exited with 0: whether what it read is still what it was started from.
    func recheckInputs(at step: Int) {
        guard !inputs.running.isEmpty, let reading = inputs.running.removeValue(forKey: step)
        else { return }
        if reading.count > InputState.fewFiles, let worker = inputs.worker {
            inputs.ended[step] = reading
            worker.send(
                InputJob(
                    step: step, patterns: reading.patterns, purpose: .end, needs: reading.needs))
        } else {
            let needs = inputs.bases.look(at: reading.needs)
            compare(reading, inputs.bases.signature(of: reading.patterns), needs, of: step)
        }
    }

    private func compare(
        _ reading: InputState.Reading, _ signature: Int, _ needs: DependencySnapshot, of step: Int
    ) {
        if signature != reading.signature {
            let cause = RunReason.moved(
                inputs.bases.changes(in: reading.patterns, since: reading.files))
            recorder.record(.inputsChanged(step: step, cause))
            noteFreshness(.inputsChanged(step: step, cause))
        } else if needs.own != reading.needsLook.own {
            // Steps may write into one directory, so that this is nothing to warn of.
            freshness.noteMove(of: step, RunReason(.inputsMoved))
        }
    }

    /// Waits for the last looks, so that the run's end stays the last line of the journal.
    func awaitLooks() {
        // Nobody waits for what a run that was stopped has left.
        var patience = freshness.isWaiting ? 36_000 : 30
        while !inputs.ended.isEmpty || freshness.isWaiting, patience > 0 {
            if freshness.isWaiting, loop.isStoppedAtTheEnd { patience = min(patience, 30) }
            inputs.worker?.wait()
            takeLooks()
            patience -= 1
        }
    }
}
