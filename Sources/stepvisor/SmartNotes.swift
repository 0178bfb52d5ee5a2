import DependencyGraph
import Execution
import Reporting
import WorkflowModel

/// What `check` says of steps that `--smart-execution` can never skip, or has to skip blindly.
struct SmartNotes {
    private let resolved: ResolvedWorkflow

    init(_ resolved: ResolvedWorkflow) { self.resolved = resolved }

    private var steps: [Step] { resolved.workflow.steps }

    /// A note for each kind, with all steps that it is about.
    var diagnostics: [Diagnostic] {
        let always = steps.indices.filter { !steps[$0].isFinalizer }
        let modifying = always.filter { DueCause.standing(of: steps[$0])?.kind == .modifiesFiles }
        let silent = always.filter { DueCause.standing(of: steps[$0])?.kind == .noInputs }
        let opaque = silent.filter { step in
            steps[step].outputFiles.isEmpty
                && resolved.graph.dependents(of: step).contains {
                    !steps[$0].inputs.isEmpty && !steps[$0].isFinalizer
                }
        }
        return [
            note(
                silent, "declares no `inputs` and always runs",
                "declare no `inputs` and always run",
                help: "say what it reads, `inputs = […]`, and `--smart-execution` can skip it"),
            note(
                modifying, "changes files in place (`modifies`) and always runs",
                "change files in place (`modifies`) and always run",
                help: "what writes `output_files` of its own instead can be skipped"),
            note(
                opaque, "is needed by others, and declares neither `inputs` nor `output_files`",
                "are needed by others, and declare neither `inputs` nor `output_files`",
                help: "what needs it is skipped unless its command changes: say what it writes"),
        ].compactMap { $0 }
    }

    private func note(
        _ list: [Int], _ one: String, _ several: String, help: String
    ) -> Diagnostic? {
        guard let first = list.first else { return nil }
        let names = list.map { "`\(steps[$0].id)`" }
        let subject = list.count == 1 ? "step" : "\(list.count) steps"
        let verb = list.count == 1 ? one : several
        return Diagnostic(
            .note, "\(subject) \(verb): \(Wording.list(names, atMost: 12))",
            at: list.count == 1 ? steps[first].range : nil, help: help)
    }
}
