import DependencyGraph
import Execution
import Reporting
import WorkflowModel

/// Checks the decisions of `--decide` against a run.
struct DecisionCheck {
    private let earlier: EarlierRun
    private let resolved: ResolvedWorkflow

    init(_ earlier: EarlierRun, _ resolved: ResolvedWorkflow) {
        self.earlier = earlier
        self.resolved = resolved
    }

    /// Throws for a decision about an unknown step, or about a step that did not fail.
    func check(_ decisions: [StepDecision]) throws(CommandFailure) {
        let run = Sanitizer.line(earlier.header.runID)
        for step in decisions.map(\.step) {
            let id = Sanitizer.line(step.rawValue)
            guard resolved.graph.index(of: step) != nil else {
                throw CommandFailure(
                    .usage, "`--decide`: no step `\(id)`",
                    help: StepNameSearch(resolved.workflow).help(for: step.rawValue)
                        ?? failedSteps)
            }
            guard let standing = earlier.standing(of: step.rawValue) else {
                throw CommandFailure(
                    .usage, "`--decide`: run \(run) had no step `\(id)`", help: failedSteps)
            }
            guard standing == .failed || standing == .skippedByDecision else {
                throw CommandFailure(
                    .usage, "`--decide`: `\(id)` did not fail in run \(run): \(text(of: standing))",
                    help: failedSteps)
            }
        }
    }

    /// The steps about which a decision is possible, for the message.
    private var failedSteps: String {
        let ids = earlier.header.steps.indices.filter { earlier.standing(at: $0) == .failed }
            .map { "`\(Sanitizer.line(earlier.header.steps[$0].id))`" }
        return ids.isEmpty
            ? "no step failed there: `stepvisor run --resume` goes on without a decision"
            : "failed there: " + Wording.list(ids, atMost: 8)
    }

    private func text(of standing: EarlierRun.Standing) -> String {
        switch standing {
        case .notReached: "it was not reached"
        case .inFlight: "it was running when stepvisor died"
        case .done, .doneFromMovingInputs: "it ended well"
        case .failed: "it failed"
        case .aborted: "it was stopped"
        case .skipped: "it was skipped"
        case .skippedByDecision: "it was decided to skip it"
        case .conditionFalse: "its condition did not hold"
        case .notSelected: "it was left out by the command line"
        }
    }
}
