import Execution
import FileState
import Platform
import StateStore
import WorkflowModel

/// Steps that have ended, and steps that do not run: what they have left is kept for later runs.
extension UpToDateTracker {
    /// Takes in how a step has ended.
    ///
    /// - Returns: what may go on, now that it is known what the step has produced.
    func note(_ event: RunEvent.Kind) -> [Continuation] {
        switch event {
        case .ended(let step, let end) where checker.remembers(step):
            guard end.status == .complete || end.status == .cached else {
                begun[step] = nil
                checker.note(nil, of: step)
                return []
            }
            return begun.removeValue(forKey: step).map { look(atWhatIsLeftBy: step, $0) } ?? []
        case .ended(let step, let end):
            // Only improves the reason that is shown once it says what it reads.
            guard end.status == .complete else { return [] }
            try? checker.known.noteUndeclared(of: id(of: step), in: context.state)
            return keepWhatIsLeft(by: step)
        case .skipped(let step, .upToDate), .skipped(let step, .unchanged):
            carryResult(of: step)
            refresh(step)
        case .skipped(let step, .doneEarlier) where context.plan.doneUnlessNeedsRun[step] != nil:
            carryResultOfEarlier(step)
        case .skipped(let step, .conditionFalse): noteHeldBack(step)
        case .inputsChanged(let step, let cause): noteMove(of: step, cause)
        default: break
        }
        return []
    }

    /// Of a step that says nothing of what it reads, what it left tells a run that goes on with this
    /// one whether it is still there.
    private func keepWhatIsLeft(by step: Int) -> [Continuation] {
        guard leavesOutputs(step) else { return [] }
        return look(atWhatIsLeftBy: step, Begun(files: [], isRemembered: false))
    }

    private func look(atWhatIsLeftBy step: Int, _ begun: Begun) -> [Continuation] {
        leaving[step] = begun
        if begun.isRestored, let contents = begun.contents { keepFingerprint(contents, of: step) }
        // What is known of its inputs comes first, from the same thread.
        if !inputs.isRechecking(of: step),
            let look = checker.outputs(of: step, budget: StepBases.budget)
        {
            return keep(look, of: step)
        }
        if inputs.checkOutputs(of: step, checker.outputPatterns(of: step)) { return [] }
        return keep(checker.outputs(of: step) ?? FileHasher.nothing, of: step)
    }

    /// Keeps a success, now that it is known what it has left.
    ///
    /// - Returns: what may go on now.
    func keep(_ outputs: FileSnapshot, of step: Int) -> [Continuation] {
        guard let begun = leaving.removeValue(forKey: step) else { return [] }
        noteLeft(outputs, by: step)
        if begun.isRemembered { keepSuccess(of: step, begun, outputs) }
        return takeAwaiting()
    }

    private func keepSuccess(of step: Int, _ begun: Begun, _ outputs: FileSnapshot) {
        let (id, directory) = (self.id(of: step), recorder.directory)
        let move = takeMove(of: step)
        do {
            let result = try checker.known.keepResult(
                of: id, from: directory, in: context.state,
                wasThere: checker.known.lastSuccessHasResult(of: id))
            let declaresOutputs = checker.outputPatterns(of: step) != nil
            guard let contents = begun.contents, outputs.isReadable else {
                // What lies there is what it has produced, whatever that was made from.
                let isKnown = declaresOutputs && outputs.isReadable
                let product = OutputDigest.digest(
                    outputs: outputs.files.map(\.content), fingerprint: .zero, result: result)
                checker.note(
                    isKnown ? product : nil, of: step, result: result,
                    signature: outputs.signature)
                try checker.known.noteUnfounded(
                    of: id, run: directory.id, needs: begun.unknownNeeds, in: context.state)
                return
            }
            let memory = LastSuccess(
                run: directory.id, contents: contents, fingerprint: contents.fingerprint,
                inputs: begun.files, outputs: outputs.files,
                declaresOutputs: declaresOutputs, result: result,
                walk: checker.walk(
                    of: step, inputs: begun.places, outputs: outputs.places))
            // Of a step without declared outputs, what it was made from tells what it has produced.
            if move != nil, !declaresOutputs {
                checker.note(nil, of: step)
            } else {
                checker.note(
                    memory.product, of: step, result: result, signature: outputs.signature)
            }
            if let move {
                try checker.known.noteMove(
                    of: id, run: directory.id, move, in: context.state)
            } else {
                try checker.known.remember(memory, of: id, in: context.state)
                if !begun.isRestored { cache.keep(step, memory) }
            }
        } catch {
            checker.note(nil, of: step)
            recorder.warn("its success is not remembered: \(error.description)", about: step)
        }
    }

    /// Keeps what a step has left for the run that may go on with this one.
    ///
    /// Where that cannot be written, that run is told only whether there is anything.
    private func noteLeft(_ outputs: FileSnapshot, by step: Int) {
        guard outputs.isReadable, leavesOutputs(step) else { return }
        try? RunOutputs.keep(outputs.files, of: id(of: step), in: recorder.directory)
    }

    /// Whether a step declares outputs that are its own: what it changes in place others may change too.
    private func leavesOutputs(_ step: Int) -> Bool {
        !context.plan.resolved.workflow.steps[step].outputFiles.isEmpty
            && context.plan.resolved.workflow.steps[step].modifies.isEmpty
    }

    /// Gives this run what a step that stays done wrote to `STEPVISOR_OUTPUT` in an earlier one.
    private func carryResultOfEarlier(_ step: Int) {
        do throws(SystemError) {
            try CarriedOutputs.copy(
                [step], into: recorder.directory, of: context.plan, in: context.state)
        } catch {
            recorder.warn("its results are not there: \(error.description)", about: step)
        }
    }

    /// Keeps how the files of a step that does not run look now, so that they need not be read again.
    private func refresh(_ step: Int) {
        guard let memory = checker.takeRefreshed(step) else { return }
        // Only a help for the next run.
        try? checker.known.remember(memory, of: id(of: step), in: context.state)
    }

    /// Keeps by what a condition came out false, so that it need not count as work again.
    private func noteHeldBack(_ step: Int) {
        let id = self.id(of: step)
        checker.noteConditionFalse(step)
        guard leaving.isEmpty,
            let facts = checker.conditionFacts(
                of: step, product: { $0.notedProduct(of: $1) }),
            checker.known.conditionFalse(id) != facts
        else { return }
        // Without it, `plan --exit-code` tells of work where there may be none.
        try? checker.known.noteHeldBack(id, by: facts, in: context.state)
    }

    /// Gives what a step that does not run wrote to `STEPVISOR_OUTPUT` to this run.
    private func carryResult(of step: Int) {
        // Asked first, for thousands of steps: most workflows have no results at all.
        guard hasResults else { return }
        let id = self.id(of: step)
        guard checker.known.lastSuccessHasResult(of: id) else { return }
        do {
            try checker.known.carryResult(of: id, into: recorder.directory, from: context.state)
        } catch {
            recorder.warn("its results are not there: \(error.description)", about: step)
        }
    }
}
