import DependencyGraph
import Execution
import FileState
import Platform
import StateStore
import WorkflowModel

/// What a run knows of the steps whose success is remembered.
struct UpToDateState {
    var look: UpToDateChecker
    /// What steps that run were made from, with their files as they looked at their start.
    fileprivate var begun: [Int: Begun] = [:]
    /// Steps that ended well although what they read has changed since their start.
    private var moved: [Int: RunReason] = [:]
    /// Steps that have ended well, and whose outputs the worker looks at.
    fileprivate var leaving: [Int: Begun] = [:]
    /// What is to be done once it is known what a step has produced.
    fileprivate var awaiting: [Awaited] = []
    /// What steps of this run are made from, for those who compare runs.
    fileprivate var ingredients = RunFingerprints()
    /// Whether there are results that steps that do not run may have to give to this run.
    fileprivate let hasResults: Bool

    fileprivate struct Begun: Sendable {
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

    fileprivate enum Awaited {
        case launch(LaunchOrder)
        case checkBeforeStart(Int)

        var step: Int {
            switch self {
            case .launch(let order): order.step
            case .checkBeforeStart(let step): step
            }
        }
    }

    init(_ look: UpToDateChecker, in state: StateDirectory) {
        self.look = look
        hasResults = look.known.hasResults(in: state)
        self.look.beginRun()
    }

    /// Keeps what a step of this run is made from, for those who compare runs.
    mutating func keepIngredients(
        _ contents: Fingerprint, of id: String, in directory: RunDirectory
    ) {
        ingredients.keep(contents, of: id, in: directory)
    }

    /// What a step reads has changed while it ran.
    mutating func noteMove(of step: Int, _ cause: RunReason) {
        if begun[step] != nil || leaving[step] != nil { moved[step] = cause }
    }

    /// Notes what a step is made from whose kept outputs are put in place.
    mutating func begin(
        _ step: Int, _ contents: Fingerprint, _ verdict: UpToDateChecker.Verdict
    ) {
        begun[step] = Begun(
            contents: contents, files: verdict.files, places: verdict.places, isRestored: true)
    }

    fileprivate mutating func takeMove(of step: Int) -> RunReason? {
        moved.removeValue(forKey: step)
    }

    /// Whether what the worker looks at has to be known before the run may end.
    var isWaiting: Bool { !leaving.isEmpty }
}

/// Remembering what steps were made from and what they left, and telling of a step whether that
/// still holds.
extension Supervisor {
    // MARK: - Before a step starts

    /// Whether a step has to wait until it is known what those that it needs have produced.
    func awaitsProducts(of order: LaunchOrder) -> Bool {
        guard needsProducts(order.step) else { return false }
        freshness.awaiting.append(.launch(order))
        return true
    }

    private func needsProducts(_ step: Int) -> Bool {
        guard !freshness.leaving.isEmpty else { return false }
        // What is still being looked at must not be changed in place, whoever has left it.
        if !context.plan.resolved.workflow.steps[step].modifies.isEmpty { return true }
        guard freshness.look.remembers(step) else { return false }
        return context.plan.resolved.graph.dependencies(of: step).contains {
            freshness.leaving[$0] != nil
        }
    }

    /// Notes what an attempt of a step is made from, and that its last success does not count any more.
    ///
    /// - Returns: Whether it may be started: a mark that cannot be written would let what a death
    ///   leaves half done count as done.
    func noteStart(
        _ order: LaunchOrder, _ look: FileSnapshot, _ needs: [DependencyOutputs],
        _ seen: DependencySnapshot
    ) -> Bool {
        let step = order.step
        guard !order.isCheck else { return true }
        guard freshness.look.remembers(step) else {
            keepIngredients(of: order, freshness.look.ownContents(of: step, look))
            return true
        }
        let contents =
            order.failed.isEmpty && look.isReadable
            ? freshness.look.contents(
                of: step, look,
                seen: Dictionary(uniqueKeysWithValues: zip(needs.map(\.step), seen.whole)))
            : nil
        keepIngredients(of: order, contents ?? freshness.look.ownContents(of: step, look))
        freshness.begun[step] = UpToDateState.Begun(
            contents: contents,
            unknownNeeds: contents == nil && look.isReadable ? unknownNeeds(of: order) : [],
            files: look.files, places: look.places)
        guard order.isFirst || order.attempt == 1 else { return true }
        do {
            try freshness.look.known.noteStart(
                of: header.steps[step].id, run: directory.id, in: context.state)
            return true
        } catch {
            recorder.stop(because: error)
            return false
        }
    }

    private func unknownNeeds(of order: LaunchOrder) -> [String] {
        let unknown = freshness.look.unknownNeeds(of: order.step).map(\.subject)
        let failed = order.failed.map { header.steps[$0].id }
        return Set(unknown + failed).sorted()
    }

    /// Writes what steps were made from, now that none starts any more.
    func writeIngredients() { freshness.ingredients.write(to: directory) }

    private func keepIngredients(of order: LaunchOrder, _ contents: Fingerprint) {
        guard order.isFirst || order.attempt == 1 else { return }
        freshness.keepIngredients(contents, of: header.steps[order.step].id, in: directory)
    }

    // MARK: - After a step has ended

    /// Takes in how a step has ended.
    func noteFreshness(_ event: RunEvent.Kind) {
        switch event {
        case .ended(let step, let end) where freshness.look.remembers(step):
            guard end.status == .complete || end.status == .cached else {
                freshness.begun[step] = nil
                freshness.look.note(nil, of: step)
                return
            }
            remember(step)
        case .ended(let step, let end):
            // Only improves the reason that is shown once it says what it reads.
            guard end.status == .complete else { return }
            try? freshness.look.known.noteUndeclared(of: header.steps[step].id, in: context.state)
            keepWhatIsLeft(by: step)
        case .skipped(let step, .upToDate), .skipped(let step, .unchanged):
            carryResult(of: step)
            refresh(step)
        case .skipped(let step, .doneEarlier) where context.plan.doneUnlessNeedsRun[step] != nil:
            carryResultOfEarlier(step)
        case .skipped(let step, .conditionFalse): noteHeldBack(step)
        case .inputsChanged(let step, let cause): freshness.noteMove(of: step, cause)
        default: break
        }
    }

    /// Of a step that says nothing of what it reads, what it left tells a run that goes on with this
    /// one whether it is still there.
    private func keepWhatIsLeft(by step: Int) {
        guard leavesOutputs(step) else { return }
        look(atWhatIsLeftBy: step, UpToDateState.Begun(files: [], isRemembered: false))
    }

    private func remember(_ step: Int) {
        guard let begun = freshness.begun.removeValue(forKey: step) else { return }
        look(atWhatIsLeftBy: step, begun)
    }

    private func look(atWhatIsLeftBy step: Int, _ begun: UpToDateState.Begun) {
        freshness.leaving[step] = begun
        if begun.isRestored, let contents = begun.contents {
            freshness.ingredients.keep(contents, of: header.steps[step].id, in: directory)
        }
        // What is known of its inputs comes first, from the same thread.
        if !isLookingAgain(at: step),
            let look = freshness.look.outputs(of: step, budget: StepBases.budget)
        {
            keep(look, of: step)
            return
        }
        guard let worker = inputWorker(for: nil),
            let patterns = freshness.look.outputPatterns(of: step)
        else {
            let look = freshness.look.outputs(of: step)
            keep(look ?? FileHasher.nothing, of: step)
            return
        }
        worker.send(
            InputJob(
                step: step, patterns: patterns, purpose: .outputs,
                subject: "the outputs of `\(header.steps[step].id)`"))
    }

    /// Keeps a success, now that it is known what it has left.
    func keep(_ outputs: FileSnapshot, of step: Int) {
        guard let begun = freshness.leaving.removeValue(forKey: step) else { return }
        let id = header.steps[step].id
        noteLeft(outputs, by: step)
        guard begun.isRemembered else {
            resumeAwaiting()
            return
        }
        let move = freshness.takeMove(of: step)
        do {
            let result = try freshness.look.known.keepResult(
                of: id, from: directory, in: context.state,
                wasThere: freshness.look.known.lastSuccessHasResult(of: id))
            let declaresOutputs = freshness.look.outputPatterns(of: step) != nil
            guard let contents = begun.contents, outputs.isReadable else {
                // What lies there is what it has produced, whatever that was made from.
                let isKnown = declaresOutputs && outputs.isReadable
                let product = OutputDigest.digest(
                    outputs: outputs.files.map(\.content), fingerprint: .zero, result: result)
                freshness.look.note(
                    isKnown ? product : nil, of: step, result: result,
                    signature: outputs.signature)
                try freshness.look.known.noteUnfounded(
                    of: id, run: directory.id, needs: begun.unknownNeeds, in: context.state)
                resumeAwaiting()
                return
            }
            let memory = LastSuccess(
                run: directory.id, contents: contents, fingerprint: contents.fingerprint,
                inputs: begun.files, outputs: outputs.files,
                declaresOutputs: declaresOutputs, result: result,
                walk: freshness.look.walk(
                    of: step, inputs: begun.places, outputs: outputs.places))
            // Of a step without declared outputs, what it was made from tells what it has produced.
            if move != nil, !declaresOutputs {
                freshness.look.note(nil, of: step)
            } else {
                freshness.look.note(
                    memory.product, of: step, result: result, signature: outputs.signature)
            }
            if let move {
                try freshness.look.known.noteMove(
                    of: id, run: directory.id, move, in: context.state)
            } else {
                try freshness.look.known.remember(memory, of: id, in: context.state)
                if !begun.isRestored { keepInCache(step, memory) }
            }
        } catch {
            freshness.look.note(nil, of: step)
            recorder.warn("its success is not remembered: \(error.description)", about: step)
        }
        resumeAwaiting()
    }

    /// Keeps what a step has left for the run that may go on with this one.
    ///
    /// Where that cannot be written, that run is told only whether there is anything.
    private func noteLeft(_ outputs: FileSnapshot, by step: Int) {
        guard outputs.isReadable, leavesOutputs(step) else { return }
        try? RunOutputs.keep(outputs.files, of: header.steps[step].id, in: directory)
    }

    /// Whether a step declares outputs that are its own: what it changes in place others may change too.
    private func leavesOutputs(_ step: Int) -> Bool {
        !context.plan.resolved.workflow.steps[step].outputFiles.isEmpty
            && context.plan.resolved.workflow.steps[step].modifies.isEmpty
    }

    /// Gives this run what a step that stays done wrote to `STEPVISOR_OUTPUT` in an earlier one.
    private func carryResultOfEarlier(_ step: Int) {
        do throws(SystemError) {
            try CarriedOutputs.copy([step], into: directory, of: context.plan, in: context.state)
        } catch {
            recorder.warn("its results are not there: \(error.description)", about: step)
        }
    }

    /// Goes on with what waited for products, as far as they are known now.
    private func resumeAwaiting() {
        guard !freshness.awaiting.isEmpty else { return }
        let all = freshness.awaiting
        freshness.awaiting = []
        for awaited in all {
            switch awaited {
            case .launch(let order): launch(order)
            case .checkBeforeStart(let step): examine(step)
            }
        }
    }

    /// The run is stopping: nothing that waits for products starts any more.
    func giveUpAwaiting() {
        for awaited in freshness.awaiting {
            switch awaited {
            case .launch(let order):
                queue.add(
                    .launchDeferred(step: order.step, message: "the run stops"))
            case .checkBeforeStart(let step):
                queue.add(.examined(step: step, .due([])))
            }
        }
        freshness.awaiting = []
    }

    // MARK: - Whether a step has to run

    /// Looks whether what a step's last success left still holds.
    func examine(_ step: Int) {
        guard !needsProducts(step) else {
            freshness.awaiting.append(.checkBeforeStart(step))
            return
        }
        let heedsLastSuccess = context.plan.smart?.heedsLastSuccess ?? true
        if let verdict = freshness.look.checkBeforeStart(
            of: step, heedingLastSuccess: heedsLastSuccess, budget: StepBases.budget)
        {
            conclude(step, verdict)
            return
        }
        let look = freshness.look
        let substitute = SchedulerInput.examined(step: step, .due([]))
        settle(
            .work(
                BackgroundJobs.Job(step: step, substitute: substitute) { _ in
                    var look = look
                    var answer = BackgroundJobs.Answer(step: step, input: substitute)
                    answer.verdict = look.checkBeforeStart(
                        of: step, heedingLastSuccess: heedsLastSuccess)
                    return answer
                }))
    }

    /// Tells the scheduler what a look has found, unless the step's outputs are kept.
    func conclude(_ step: Int, _ verdict: UpToDateChecker.Verdict) {
        switch verdict.freshness {
        case .upToDate(let run): queue.add(.examined(step: step, .upToDate(run: run)))
        case .due(let causes):
            guard !restore(step, verdict, causes) else { return }
            queue.add(.examined(step: step, .due(causes)))
        }
    }

    /// Keeps how the files of a step that does not run look now, so that they need not be read again.
    private func refresh(_ step: Int) {
        guard let memory = freshness.look.takeRefreshed(step) else { return }
        // Only a help for the next run.
        try? freshness.look.known.remember(memory, of: header.steps[step].id, in: context.state)
    }

    /// Keeps by what a condition came out false, so that it need not count as work again.
    private func noteHeldBack(_ step: Int) {
        let id = header.steps[step].id
        freshness.look.noteConditionFalse(step)
        guard freshness.leaving.isEmpty,
            let facts = freshness.look.conditionFacts(
                of: step, product: { $0.notedProduct(of: $1) }),
            freshness.look.known.conditionFalse(id) != facts
        else { return }
        // Without it, `plan --exit-code` tells of work where there may be none.
        try? freshness.look.known.noteHeldBack(id, by: facts, in: context.state)
    }

    /// Gives what a step that does not run wrote to `STEPVISOR_OUTPUT` to this run.
    private func carryResult(of step: Int) {
        // Asked first, for thousands of steps: most workflows have no results at all.
        guard freshness.hasResults else { return }
        let id = header.steps[step].id
        guard freshness.look.known.lastSuccessHasResult(of: id) else { return }
        do {
            try freshness.look.known.carryResult(of: id, into: directory, from: context.state)
        } catch {
            recorder.warn("its results are not there: \(error.description)", about: step)
        }
    }
}
