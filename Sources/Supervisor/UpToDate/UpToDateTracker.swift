import DependencyGraph
import Execution
import FileState
import Platform
import StateStore
import WorkflowModel

/// What a run knows of the files of its steps: what each is started from and what it leaves, and
/// whether its last success still holds.
///
/// Used on the loop's thread only. Steps with many files are left to the thread of ``InputChecks``
/// or to a background job.
final class UpToDateTracker {
    let context: RunContext
    let recorder: RunRecorder
    let inputs: InputChecks
    let cache: RunCache
    private let queue: SchedulerQueue
    private let loop: EventLoop
    var checker: UpToDateChecker
    /// What steps that run were made from, with their files at their start.
    var begun: [Int: Begun] = [:]
    /// Steps that ended well although what they read has changed since their start.
    private var moved: [Int: RunReason] = [:]
    /// Steps that have ended well, and whose outputs the worker checks.
    var leaving: [Int: Begun] = [:]
    /// What is to be done once it is known what a step has produced.
    private var awaiting: [Continuation] = []
    /// What steps of this run are made from, for those who compare runs.
    private var fingerprints = RunFingerprints()
    /// Whether there are results that steps that do not run may have to give to this run.
    let hasResults: Bool

    struct Begun: Sendable {
        var contents: Fingerprint?
        /// Where that is not known, the steps that it needs and that produced nothing that is known.
        var unknownNeeds: [String] = []
        var files: [FileRecord]
        /// Where they were looked for.
        var places: [FileRecord] = []
        /// Whether it does not run, since its outputs were kept.
        var isRestored = false
        /// Whether its success is remembered, and not only what it left in this run.
        var isRemembered = true
    }

    /// What may go on, now that files have been checked.
    enum Continuation {
        /// A step starts from this basis.
        case start(LaunchOrder, StepBasis)
        /// A launch is tried anew.
        case launch(LaunchOrder)
        /// It is asked anew whether a step has to run.
        case check(Int)
    }

    /// For a run that begins, with what was asked before it.
    init(
        _ checker: UpToDateChecker, _ context: RunContext, inputs: InputChecks, cache: RunCache,
        recorder: RunRecorder, queue: SchedulerQueue, loop: EventLoop
    ) {
        self.context = context
        self.checker = checker
        self.inputs = inputs
        self.cache = cache
        self.recorder = recorder
        self.queue = queue
        self.loop = loop
        hasResults = checker.known.hasResults(in: context.state)
        self.checker.beginRun(recorder.teller)
    }

    private var directory: RunDirectory { recorder.directory }

    func id(of step: Int) -> String { recorder.header.steps[step].id }

    // MARK: - Before a step starts

    /// Whether a step has to wait until it is known what those that it needs have produced.
    func awaitsProducts(of order: LaunchOrder) -> Bool {
        guard needsProducts(order.step) else { return false }
        awaiting.append(.launch(order))
        return true
    }

    private func needsProducts(_ step: Int) -> Bool {
        guard !leaving.isEmpty else { return false }
        // What is still being looked at must not be changed in place, whichever step left it.
        if !context.plan.resolved.workflow.steps[step].modifies.isEmpty { return true }
        guard checker.remembers(step) else { return false }
        return context.plan.resolved.graph.dependencies(of: step).contains {
            leaving[$0] != nil
        }
    }

    /// Finds out what a step is started from, and notes it.
    ///
    /// - Returns: its basis; nil where the worker checks first, or the start is put off.
    func basis(for order: LaunchOrder) -> StepBasis? {
        let isRemembered = checker.remembers(order.step)
        let hints = isRemembered ? checker.hints(for: order.step) : []
        let needs = isRemembered ? checker.needs(of: order.step) : []
        return inputs.snapshot(for: order, hints: hints, needs: needs).flatMap {
            basis(for: order, $0)
        }
    }

    private func basis(for order: LaunchOrder, _ look: InputChecks.Snapshot) -> StepBasis? {
        guard noteStart(order, look.files, look.needs, look.seen) else {
            queue.add(.launchDeferred(step: order.step, message: "the run stops"))
            return nil
        }
        return inputs.basis(of: order.step, look)
    }

    /// Notes what an attempt of a step is made from, and that its last success does not count any more.
    ///
    /// - Returns: Whether it may be started: a mark that cannot be written would let what a death
    ///   leaves half done count as done.
    private func noteStart(
        _ order: LaunchOrder, _ look: FileSnapshot, _ needs: [DependencyOutputs],
        _ seen: DependencySnapshot
    ) -> Bool {
        let step = order.step
        guard !order.isCheck else { return true }
        guard checker.remembers(step) else {
            keepFingerprint(of: order, checker.ownContents(of: step, look))
            return true
        }
        let contents =
            order.failed.isEmpty && look.isReadable
            ? checker.contents(
                of: step, look,
                seen: Dictionary(uniqueKeysWithValues: zip(needs.map(\.step), seen.whole)))
            : nil
        keepFingerprint(of: order, contents ?? checker.ownContents(of: step, look))
        begun[step] = Begun(
            contents: contents,
            unknownNeeds: contents == nil && look.isReadable ? unknownNeeds(of: order) : [],
            files: look.files, places: look.places)
        guard order.isFirst || order.attempt == 1 else { return true }
        do {
            try checker.known.noteStart(
                of: id(of: step), run: directory.id, in: context.state)
            return true
        } catch {
            recorder.stop(because: error)
            return false
        }
    }

    private func unknownNeeds(of order: LaunchOrder) -> [String] {
        let unknown = checker.unknownNeeds(of: order.step).map(\.subject)
        let failed = order.failed.map { id(of: $0) }
        return Set(unknown + failed).sorted()
    }

    private func keepFingerprint(of order: LaunchOrder, _ contents: Fingerprint) {
        guard order.isFirst || order.attempt == 1 else { return }
        keepFingerprint(contents, of: order.step)
    }

    /// Keeps what a step of this run is made from, for those who compare runs.
    func keepFingerprint(_ contents: Fingerprint, of step: Int) {
        fingerprints.keep(contents, of: id(of: step), in: directory)
    }

    // MARK: - What the worker has found

    /// Takes what the worker has found, and says what may go on after each answer.
    func takeInputAnswers(_ goOn: ([Continuation]) -> Void) {
        for answer in inputs.takeAnswers() { goOn(take(answer)) }
    }

    private func take(_ answer: InputAnswer) -> [Continuation] {
        switch (answer.purpose, answer.look) {
        case (.start, let files?):
            // One that is not awaited any more was given up by a stop.
            guard let order = inputs.takeAwaited(answer.step) else { return [] }
            let needs = checker.remembers(order.step) ? checker.needs(of: order.step) : []
            let look = InputChecks.Snapshot(files: files, needs: needs, seen: answer.needs)
            inputs.keep(look, for: order.step)
            return basis(for: order, look).map { [.start(order, $0)] } ?? []
        case (.outputs, let look?): return keep(look, of: answer.step)
        default:
            note(inputs.takeEnd(answer), of: answer.step)
            return []
        }
    }

    /// A step's leader has ended: where that was well, what it read is compared with its state at the start.
    func leaderEnded(_ step: Int, well: Bool) {
        if well { note(inputs.recheck(step), of: step) } else { inputs.forget(step) }
    }

    private func note(_ change: InputChecks.Change?, of step: Int) {
        switch change {
        case .own(let cause):
            recorder.record(.inputsChanged(step: step, cause))
            noteMove(of: step, cause)
        // Steps may write into one directory, so that this is nothing to warn of.
        case .needs: noteMove(of: step, RunReason(.inputsMoved))
        case nil: break
        }
    }

    /// What a step reads has changed while it ran.
    func noteMove(of step: Int, _ cause: RunReason) {
        if begun[step] != nil || leaving[step] != nil { moved[step] = cause }
    }

    /// Takes the change that was noted of a step.
    func takeMove(of step: Int) -> RunReason? { moved.removeValue(forKey: step) }

    // MARK: - Whether a step has to run

    /// Checks whether what a step's last success left still holds.
    ///
    /// - Returns: nil where that waits for what others have produced.
    func check(_ step: Int) -> StepAnswer? {
        guard !needsProducts(step) else {
            awaiting.append(.check(step))
            return nil
        }
        let heedsLastSuccess = context.plan.smart?.heedsLastSuccess ?? true
        if let verdict = checker.checkBeforeStart(
            of: step, heedingLastSuccess: heedsLastSuccess, budget: StepBases.budget)
        {
            return conclude(step, verdict)
        }
        let checker = checker
        let substitute = SchedulerInput.examined(step: step, .due([]))
        return .work(
            BackgroundJobs.Job(step: step, substitute: substitute) { _ in
                var checker = checker
                var answer = BackgroundJobs.Answer(step: step, input: substitute)
                answer.verdict = checker.checkBeforeStart(
                    of: step, heedingLastSuccess: heedsLastSuccess)
                return answer
            })
    }

    /// What follows from a check for a step: it is up to date or has to run, unless its outputs are
    /// kept and can be put in place.
    func conclude(_ step: Int, _ verdict: UpToDateChecker.Verdict) -> StepAnswer {
        switch verdict.freshness {
        case .upToDate(let run): .input(.examined(step: step, .upToDate(run: run)))
        case .due(let causes):
            restoring(step, verdict, causes).map { .work($0) }
                ?? .input(.examined(step: step, .due(causes)))
        }
    }

    /// The work that puts the outputs of a step in place that has to run; nil where none are kept.
    private func restoring(
        _ step: Int, _ verdict: UpToDateChecker.Verdict, _ causes: [RunReason]
    ) -> BackgroundJobs.Job? {
        guard let contents = verdict.contents, cache.has(contents.fingerprint) else { return nil }
        let id = self.id(of: step)
        do {
            // What a death leaves half done must not count as done.
            try checker.known.noteStart(of: id, run: directory.id, in: context.state)
        } catch {
            return nil
        }
        begun[step] = Begun(
            contents: contents, files: verdict.files, places: verdict.places, isRestored: true)
        keepFingerprint(contents, of: step)
        let left = checker.known.lastSuccess(of: id)?.outputs ?? []
        return cache.restoring(step, contents.fingerprint, causes, left: left)
    }

    // MARK: - What waits for products

    /// What waited for products, to be tried with those that are known now.
    func takeAwaiting() -> [Continuation] {
        guard !awaiting.isEmpty else { return [] }
        defer { awaiting = [] }
        return awaiting
    }

    /// The run is stopping: nothing that waits for the worker or for products starts any more.
    func cancel() {
        inputs.cancel()
        for awaited in takeAwaiting() {
            switch awaited {
            case .launch(let order), .start(let order, _):
                queue.add(.launchDeferred(step: order.step, message: "the run stops"))
            case .check(let step): queue.add(.examined(step: step, .due([])))
            }
        }
    }

    // MARK: - The end of the run

    /// Waits for the last checks, so that the run's end stays the last line of the journal; then for
    /// the cache, and writes what steps were made from.
    func finish(_ goOn: ([Continuation]) -> Void) {
        // Nobody waits for what a run that was stopped has left.
        var patience = leaving.isEmpty ? 30 : 36_000
        while inputs.isRechecking || !leaving.isEmpty, patience > 0 {
            if !leaving.isEmpty, loop.isStoppedAtTheEnd { patience = min(patience, 30) }
            inputs.wait()
            takeInputAnswers(goOn)
            patience -= 1
        }
        cache.settle()
        fingerprints.write(to: directory)
    }
}
