public import WorkflowModel

/// Messages about steps with neither a command nor a runner.
///
/// Workflows that only describe their steps lack nothing but the runner: they can be planned and
/// drawn, and one message is enough for all their steps.
public struct MissingCommands {
    private let steps: [PlanError.StepWithoutCommand]

    init(_ steps: [PlanError.StepWithoutCommand]) { self.steps = steps }

    /// The steps of these indices.
    public init(_ indices: [Int], of workflow: Workflow) {
        steps = indices.map {
            PlanError.StepWithoutCommand(
                id: workflow.steps[$0].id, range: workflow.steps[$0].range)
        }
    }

    /// The note of a command that starts nothing.
    public var note: Diagnostic {
        let count = steps.count == 1 ? "1 step has" : "\(steps.count) steps have"
        return .warning(
            "\(count) no command and there is no runner: `run` needs "
                + "`[execution] runner = '…'` or `--runner`", at: steps.first?.range,
            help: steps.count == 1
                ? "or give `\(Self.shown(steps.first?.id))` a `command`"
                : "or give them commands: \(names)")
    }

    /// Why a run cannot begin.
    var error: Diagnostic {
        guard let first = steps.first, steps.count > 1 else {
            return .error(
                "step `\(Self.shown(steps.first?.id))` has no command", at: steps.first?.range,
                help: "give it a `command`, or name one for all with `runner` in "
                    + "`[execution]` or `--runner`")
        }
        return .error(
            "\(steps.count) steps have no command and there is no runner: \(names)",
            at: first.range,
            help: "name what does a step that is described in words: "
                + "`stepvisor run --runner 'COMMAND'`, or `runner = 'COMMAND'` in `[execution]`; "
                + "COMMAND finds the step in `$STEPVISOR_STEP` and `$STEPVISOR_DESCRIPTION`")
    }

    /// The first few.
    private var names: String {
        let shown = steps.prefix(5).map { "`\(Self.shown($0.id))`" }.joined(separator: ", ")
        return steps.count > 5 ? shown + " and \(steps.count - 5) more" : shown
    }

    private static func shown(_ id: StepID?) -> String { id?.rawValue ?? "" }
}
