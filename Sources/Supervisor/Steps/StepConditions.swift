import Execution
import FileState
import StateStore

/// The conditions of steps: evaluated at once, or by a background job where they ask for many files.
///
/// Used on the loop's thread only.
final class StepConditions {
    private let project: StateDirectory
    private let recorder: RunRecorder
    private let loop: EventLoop
    private var state: ConditionState

    /// For a run of which no step has started yet.
    init(_ context: RunContext, recorder: RunRecorder, loop: EventLoop) {
        project = context.state
        state = ConditionState(plan: context.plan, root: context.state.root)
        self.recorder = recorder
        self.loop = loop
    }

    /// Takes in how a step has ended.
    func note(_ event: RunEvent.Kind) { state.note(event) }

    /// Keeps the states of files with which a step's condition was evaluated.
    func keep(_ looks: ConditionLooks, of step: Int) { state.keep(looks, of: step) }

    /// Evaluates a step's condition: at once, or when many files have been scanned.
    func evaluate(_ step: Int) -> StepAnswer {
        guard let question = state.question(of: step, in: recorder.directory, state: project)
        else {
            // A condition that was not parsed must not count as true.
            let outcome = ConditionOutcome.error("the condition was not read")
            return .input(.conditionEvaluated(step: step, outcome))
        }
        if let answer = state.quickAnswer(to: question) { return .found(answer) }
        let root = project.root
        let substitute = SchedulerInput.conditionEvaluated(step: step, .error("the run stops"))
        return .work(
            BackgroundJobs.Job(step: step, substitute: substitute) { _ in
                var looker = FileHasher(root: root)
                return question.answer(by: &looker, budget: .unlimited)
                    ?? BackgroundJobs.Answer(step: step, input: substitute)
            })
    }

    /// Writes the states of files after successful steps.
    ///
    /// A failure makes later runs do too much, not too little. The run is over, so a signal ends
    /// only the scan.
    func save() {
        do {
            try state.save(to: project, while: loop.wantedUntilStopped())
        } catch {
            recorder.warn("what `changed()` compares with is not kept: \(error)")
        }
    }
}
