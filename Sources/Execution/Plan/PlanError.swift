public import WorkflowModel

/// Why nothing can be run as it was asked for; nothing has been started.
public enum PlanError: Error, Hashable, Sendable {
    /// The command line names steps that there are not.
    case unknownSteps([UnknownStep])
    /// The workflow declares no steps.
    case noSteps
    /// What the command line asks for leaves no step to run.
    case nothingSelected
    /// Steps to be run that neither say what starts them nor have a runner.
    case noCommand([StepWithoutCommand])
    /// A recorded run that cannot be run again in its order.
    case replay(ReplayProblem, run: String)

    /// A name on the command line that is no step.
    public struct UnknownStep: Hashable, Sendable {
        /// What was typed.
        public var id: StepID
        /// The option that it was given to, or nil for a step named by itself.
        public var option: String?
        /// The steps that were most likely meant.
        public var suggestions: [StepID] = []
    }

    /// A step that nothing starts.
    public struct StepWithoutCommand: Hashable, Sendable {
        /// The step.
        public var id: StepID
        /// Where it is declared.
        public var range: SourceRange?
    }

    /// What is wrong, and what to type next: one message for each step concerned.
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
