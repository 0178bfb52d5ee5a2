import Execution
import Supervisor
import WorkflowFiles
import WorkflowModel

/// What the recorded runs of a project say about its workflow, for the safety checklist.
struct SafetyRecords {
    private let project: Project

    /// Runs that are looked at, from the latest on.
    private static let limit = 100

    init(_ project: Project) { self.project = project }

    /// Looks at the runs from the latest on until one has proved what is asked; reads only.
    var evidence: SafetyEvidence {
        var evidence = SafetyEvidence()
        guard let state = try? StateDirectory(root: project.root, create: false),
            let bases
        else { return evidence }
        let file = SecretWarnings.mask.masked(project.loaded.workflowFile ?? "")
        for id in state.runIdentifiers().suffix(Self.limit).reversed() {
            guard let run = try? StoredRun(id, in: state),
                let journal = (try? run.journal()).flatMap({ try? JournalReader.read($0) }),
                journal.header.workflowFile ?? file == file
            else { continue }
            if evidence.logging == .none {
                evidence.logging =
                    SafetyEvidence.Logging(journal: journal, document: try? run.progress())
                    ?? .none
            }
            let test = SafetyEvidence.SequentialTest(
                EarlierRun(journal), of: project.resolved,
                isUnchanged: { bases.isDeclared($0, as: $1) },
                modeOfRun: { mode(of: $0, in: state) })
            switch test {
            case .passed?:
                evidence.sequentialTest = test ?? .none
                return evidence
            case .rejected?:
                if evidence.sequentialTest == .none { evidence.sequentialTest = test ?? .none }
            case .none?, nil: break
            }
        }
        return evidence
    }

    private func mode(of id: String, in state: StateDirectory) -> ExecutionMode? {
        (try? StoredRun(id, in: state)).flatMap { try? $0.journal() }
            .flatMap { try? JournalReader.read($0).header.mode }
    }

    /// What steps would be started from now.
    private var bases: StepBases? {
        var options = RunOptions()
        // Steps without a command are compared by what a runner is told, whichever it is.
        options.runner = project.workflow.execution.runner ?? .arguments(["true"])
        return (try? RunPlan.make(resolved: project.resolved, options: options)).map {
            StepBases(plan: $0, root: project.root, environment: ProcessEnvironment.environment)
        }
    }
}
