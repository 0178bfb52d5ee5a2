import Execution
import WorkflowModel

/// The files that a run with nothing to do has compared, as they were when their contents were known.
struct ComparedFiles {
    private(set) var files: [(path: [UInt8], facts: InputFacts)] = []
    /// The file that says what is known of steps, relative to the project root.
    let knownPath: String
    /// Whether no step was left out.
    private(set) var isWhole = true

    /// Collects them; nil where more than the looks of plain files has decided about a step.
    init?(by record: RunRecord, of workflow: Workflow, known: KnownSteps) {
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
            guard step.gating.tools.isEmpty, !step.inputs.isEmpty,
                let memory = known.memory(of: step.id.rawValue), memory.result == nil,
                let read = Self.paths(step.inputs), let written = Self.paths(step.outputFiles),
                read.isSubset(of: Set(memory.inputs.map(\.path))),
                Set(memory.outputs.map(\.path)) == written
            else { return nil }
            if case .script = step.command { return nil }
            for file in memory.inputs + memory.outputs {
                guard file.facts.kind == .file, file.facts.isSettled(at: file.seenAt) else {
                    return nil
                }
                if seen.insert(file.path).inserted { files.append((file.path, file.facts)) }
            }
        }
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
