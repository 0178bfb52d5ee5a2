import Execution
import WorkflowModel

/// The files that a run with nothing to do has compared, as they were when their contents were known.
struct ComparedFiles {
    private(set) var files: [(path: [UInt8], facts: FileStamp)] = []
    /// The file that says what is known of steps, relative to the project root.
    let knownPath: String
    /// Whether no step was left out.
    private(set) var isWhole = true

    /// Collects them; nil where more than the looks of plain files has decided about a step.
    init?(by record: RunRecord, of workflow: Workflow, known: StepStateLog, root: String) {
        knownPath = known.path
        guard record.steps.count == workflow.steps.count else { return nil }
        var seen: Set<[UInt8]> = []
        for index in workflow.steps.indices {
            // What was left out decided nothing.
            guard record.steps[index].reason != .notSelected else {
                isWhole = false
                continue
            }
            let step = workflow.steps[index]
            guard step.gating.tools.isEmpty, step.declaresInputs,
                let memory = known.memory(of: step.id.rawValue), memory.result == nil,
                let read = Self.paths(step.inputs), let written = Self.paths(step.outputFiles),
                read.isSubset(of: Set(memory.inputs.map(\.path))),
                // A script that is not there yet would have to be looked for.
                Self.scripts(of: step, in: workflow, root: root)
                    .isSubset(of: Set((memory.inputs + memory.outputs).map(\.path))),
                Set(memory.outputs.map(\.path)) == written
            else { return nil }
            if case .script = step.command { return nil }
            for file in memory.inputs + memory.outputs {
                guard file.facts.kind == .file, file.facts.isOldEnough(at: file.observedAt) else {
                    return nil
                }
                if seen.insert(file.path).inserted { files.append((file.path, file.facts)) }
            }
        }
    }

    private static func scripts(
        of step: Step, in workflow: Workflow, root: String
    ) -> Set<[UInt8]> {
        var commands = [step.command ?? step.runner ?? workflow.execution.runner]
        if step.hasRecovery { commands += step.recovery.backups.map(\.command) }
        let scripts = InputPatterns.scripts(of: commands, of: step, in: workflow, root: root)
        return Set(scripts.map { Array($0.utf8) })
    }

    /// The paths that patterns mean; nil where one may mean several.
    private static func paths(_ patterns: [FilePattern]) -> Set<[UInt8]>? {
        var paths: Set<[UInt8]> = []
        for pattern in patterns {
            guard let path = pattern.plainPath else { return nil }
            paths.insert(Array(path.utf8))
        }
        return paths
    }
}
