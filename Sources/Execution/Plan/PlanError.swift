public import WorkflowModel

/// Why a plan cannot be made; nothing has been started.
public enum PlanError: Error, Hashable, Sendable {
    /// The command line names steps that do not exist.
    case unknownSteps([UnknownStep])
    /// The workflow declares no steps.
    case noSteps
    /// The options of the command line leave no step to run.
    case nothingSelected
    /// Selected steps with neither a command nor a runner.
    case noCommand([StepWithoutCommand])
    /// A recorded run whose order cannot be repeated.
    case replay(ReplayProblem, run: String)

    /// A name on the command line that no step has.
    public struct UnknownStep: Hashable, Sendable {
        /// What was typed.
        public var id: StepID
        /// The option whose value it was; nil for a step named without one.
        public var option: String?
        /// The steps that were probably meant.
        public var suggestions: [StepID] = []
    }

    /// A step that nothing starts.
    public struct StepWithoutCommand: Hashable, Sendable {
        /// The step.
        public var id: StepID
        /// Where it is declared.
        public var range: SourceRange?
    }

    /// What is wrong, and what to type instead: one message for each step.
    public var diagnostics: [Diagnostic] {
        switch self {
        case .unknownSteps(let unknown):
            unknown.map { step in
                let option = step.option.map { "`\($0)`: " } ?? ""
                return .error(
                    "\(option)no step `\(step.id)`",
                    help: StepNameSearch.help(naming: step.suggestions.map(\.rawValue))
                        ?? "`stepvisor plan` lists the steps")
            }
        case .noSteps:
            [.error("the workflow has no steps", help: "declare one with `[[steps]]`")]
        case .nothingSelected:
            [
                .error(
                    "no step is left to run",
                    help: "`--from` keeps only steps that the others also name, `--skip` takes "
                        + "steps away; `stepvisor plan` lists the steps")
            ]
        case .replay(let problem, let run):
            problem.diagnostics(of: run)
        case .noCommand(let steps):
            [MissingCommands(steps).error]
        }
    }
}
