import Execution

/// What is known of the files that steps read, while they wait for their start and while they run.
struct InputDesk {
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
        _ look: InputLook, of patterns: InputPatterns, for step: Int
    ) {
        guard look.count > 0 || !patterns.included.isEmpty else { return }
        running[step] = Reading(
            patterns: patterns, signature: look.signature, count: look.count)
    }
}

/// Looking at what steps read: before they start, so that their result can be told to hold later,
/// and after they have ended, so that a change in between is seen.
extension Supervisor {
    /// Starts a step once it is known what it is started from: now, or when the worker has looked.
    func launch(_ order: LaunchOrder) {
        prepare(order)
        let patterns = inputs.bases.patterns(of: order.step)
        if let look = inputs.bases.quickLook(at: patterns) {
            inputs.keep(look, of: patterns, for: order.step)
            start(order, basis: inputs.bases.basis(of: order.step, look))
            return
        }
        guard let worker = worker(for: order.step) else { return }
        inputs.awaited[order.step] = order
        worker.send(InputJob(step: order.step, patterns: patterns, isAfter: false))
    }

    private func worker(for step: Int) -> InputWorker? {
        if let worker = inputs.worker { return worker }
        do {
            let worker = try InputWorker(root: context.state.root)
            loop.add(worker.descriptor, .inputs)
            inputs.worker = worker
            return worker
        } catch {
            inbox.append(.launchDeferred(step: step, message: error.description))
            return nil
        }
    }

    /// Takes what the worker has seen.
    func takeLooks() {
        for answer in inputs.worker?.take() ?? [] {
            if let look = answer.look {
                // One that is not awaited any more was given up by a stop.
                guard let order = inputs.awaited.removeValue(forKey: answer.step) else { continue }
                let patterns = inputs.bases.patterns(of: order.step)
                inputs.keep(look, of: patterns, for: order.step)
                start(order, basis: inputs.bases.basis(of: order.step, look))
            } else if let reading = inputs.ended.removeValue(forKey: answer.step),
                reading.signature != answer.signature
            {
                record(.inputsChanged(step: answer.step))
            }
        }
    }

    /// The run is stopping: steps that wait for the worker do not start any more.
    func giveUpLooks() {
        for step in inputs.awaited.keys.sorted() {
            inputs.awaited[step] = nil
            inbox.append(.launchDeferred(step: step, message: "the run stops"))
        }
    }

    /// A step has exited with 0: whether what it read is still what it was started from.
    func lookAgain(at step: Int) {
        guard !inputs.running.isEmpty, let reading = inputs.running.removeValue(forKey: step)
        else { return }
        if reading.count > InputDesk.fewFiles, let worker = inputs.worker {
            inputs.ended[step] = reading
            worker.send(InputJob(step: step, patterns: reading.patterns, isAfter: true))
        } else if inputs.bases.signature(of: reading.patterns) != reading.signature {
            record(.inputsChanged(step: step))
        }
    }

    /// Waits for the last looks, so that the run's end stays the last line of the journal.
    func awaitLooks() {
        var patience = 30
        while !inputs.ended.isEmpty, patience > 0 {
            inputs.worker?.wait()
            takeLooks()
            patience -= 1
        }
    }
}
