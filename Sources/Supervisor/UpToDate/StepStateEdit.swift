import Execution
import FileState
public import Platform
public import StateStore
import WorkflowModel

/// Changes what is known of steps without running them: for `stepvisor mark` and `forget`.
///
/// The caller holds the project's lock, and its working directory is the project's root.
public struct StepStateEdit {
    private var look: UpToDateChecker
    private let state: StateDirectory

    /// Why a step cannot be taken as done.
    public enum Problem: Error {
        /// It does not say what it reads, so that it always runs.
        case declaresNoInputs
        /// It changes files in place, so that it always runs.
        case modifiesFiles
        /// What it reads cannot be read.
        case inputsUnreadable([String])
        /// It is to write what is not there.
        case outputsMissing([String])
        /// Nothing is known of what these steps have produced.
        case needsUnknown([String])
        /// What the system said.
        case system(SystemError)
    }

    /// Begins with what a look at the steps of a plan knows.
    public init(_ look: UpToDateChecker, in state: StateDirectory) {
        self.look = look
        self.state = state
    }

    /// Takes what a step would do as done, as things are now.
    ///
    /// - Parameters:
    ///   - step: The step, by its index; those that it needs and that are marked too come before it.
    ///   - name: What stands for the run in which it succeeded.
    /// - Throws: ``Problem`` where it cannot be taken as done; nothing has changed then.
    public mutating func mark(_ step: Int, as name: String) throws(Problem) {
        let declared = look.plan.resolved.workflow.steps[step]
        switch RunReason.standing(of: declared)?.kind {
        case .modifiesFiles?: throw .modifiesFiles
        case .some: throw .declaresNoInputs
        case nil: break
        }
        guard let inputs = look.look(at: step), inputs.isReadable else {
            throw .inputsUnreadable(
                look.look(at: step)?.unreadable.map(\.subject) ?? declared.inputs.map(\.text))
        }
        guard let contents = look.contents(of: step, inputs) else {
            throw .needsUnknown(look.unknownNeeds(of: step).map(\.subject))
        }
        let missing: [String]
        do throws(SystemError) {
            missing = try OutputCheck(declared.outputFiles.map(\.text)).look().missing
        } catch {
            throw .system(error)
        }
        guard missing.isEmpty else { throw .outputsMissing(missing) }
        guard let outputs = look.outputs(of: step), outputs.isReadable else {
            throw .outputsMissing(declared.outputFiles.map(\.text))
        }
        let id = look.id(of: step)
        let hasResult = look.known.hasResult(of: id, in: state.root)
        let memory = LastSuccess(
            run: name, contents: contents, fingerprint: contents.fingerprint,
            inputs: inputs.files, outputs: outputs.files,
            declaresOutputs: look.outputPatterns(of: step) != nil,
            result: hasResult ? look.known.lastSuccess(of: id)?.result : nil,
            walk: look.walk(of: step, inputs: inputs.places, outputs: outputs.places))
        do throws(SystemError) {
            try look.known.remember(memory, of: id, in: state)
        } catch {
            throw .system(error)
        }
        look.note(memory.product, of: step)
    }

    /// Forgets that a step ever succeeded.
    ///
    /// That is noted of one of which nothing is known, too: what the cache may have of it is not used.
    ///
    /// - Returns: Whether anything was known of it.
    public mutating func forget(_ step: Int) throws(SystemError) -> Bool {
        let id = look.id(of: step)
        let knowledge = look.known[id]
        if case .forgotten = knowledge { return false }
        try look.known.forget(id, in: state)
        return knowledge != .none && knowledge != .unknown
    }
}
