import DependencyGraph
import Execution
package import WorkflowModel

/// The notes of `check` on steps that `--smart-execution` can never skip, or skips without knowing
/// their inputs, and on steps whose results depend on an open order.
package struct SkipNotes {
    private let resolved: ResolvedWorkflow

    package init(_ resolved: ResolvedWorkflow) { self.resolved = resolved }

    private var steps: [Step] { resolved.workflow.steps }

    /// All notes.
    package var diagnostics: [Diagnostic] {
        silence + Array(rewrites.prefix(Self.maxNotes)) + looseReads
    }

    private static let maxNotes = 20

    /// One note for each kind of step with unknown inputs or outputs, naming all steps of that
    /// kind.
    private var silence: [Diagnostic] {
        let always = steps.indices.filter { !steps[$0].isFinalizer }
        let modifying = always.filter { RunReason.standing(of: steps[$0])?.kind == .modifiesFiles }
        let silent = always.filter { RunReason.standing(of: steps[$0])?.kind == .noInputs }
        let opaque = silent.filter { step in
            !steps[step].declaresOutputs
                && resolved.graph.dependents(of: step).contains {
                    steps[$0].declaresInputs && !steps[$0].isFinalizer
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

    /// Steps whose output another step overwrites after them: their output never stays as it was.
    var rewrites: [Diagnostic] {
        resolved.rewrites.filter { pair in
            let first = steps[Int(pair.first)]
            return first.declaresInputs && !first.isFinalizer
        }.map { pair in
            let (first, second) = (steps[Int(pair.first)], steps[Int(pair.second)])
            let (before, after) = (
                Self.range(of: pair.path, in: first.outputFiles),
                Self.range(of: pair.path, in: second.outputFiles)
            )
            return Diagnostic(
                .note,
                "step `\(second.id)` writes `\(pair.path)` after step `\(first.id)`: under "
                    + "`--smart-execution` `\(first.id)` never finds its output as it left it, and "
                    + "runs every time", at: after,
                help: "let only one of them write it, or take it out of the `output_files` of "
                    + "`\(first.id)`",
                related: before.map { [.init("`\(first.id)` writes it here", at: $0)] } ?? [])
        }
    }

    private var looseReads: [Diagnostic] {
        resolved.looseReads.prefix(Self.maxNotes).map { pair in
            let (modifier, reader) = (steps[Int(pair.first)], steps[Int(pair.second)])
            let place = Self.range(of: pair.path, in: modifier.modifies)
            return .warning(
                "step `\(reader.id)` reads `\(pair.path)`, which step `\(modifier.id)` modifies, and "
                    + "neither waits for the other",
                at: Self.range(of: pair.path, in: reader.inputs),
                help:
                    "say which comes first: `dependencies = [\"\(modifier.id)\"]` in `\(reader.id)`, "
                    + "or `dependencies = [\"\(reader.id)\"]` in `\(modifier.id)`",
                related: place.map { [.init("`\(modifier.id)` modifies it here", at: $0)] } ?? [])
        }
    }

    /// The place of a file in a list.
    private static func range(of path: String, in list: [FilePattern]) -> SourceRange? {
        let pattern = list.first { pattern in
            let text = Glob.normalized(pattern.text)
            return text == path || path.hasPrefix(text + "/")
                || ((try? Glob(pattern.text))?.matches(path) ?? false)
        }
        return (pattern ?? list.first)?.range
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
