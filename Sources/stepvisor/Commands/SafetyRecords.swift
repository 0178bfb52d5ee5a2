import Execution
import Platform
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// Evidence from the recorded runs of a project, for the safety checklist.
struct SafetyRecords {
    private let project: Project

    /// The largest number of runs that are read, beginning with the latest.
    private static let limit = 100

    init(_ project: Project) { self.project = project }

    /// Reads runs, the latest first, until one proves everything; writes nothing.
    var evidence: SafetyEvidence {
        var evidence = SafetyEvidence()
        guard let state = try? StateDirectory(root: project.root, create: false),
            let bases
        else { return evidence }
        let file = SecretWarnings.mask.masked(project.loaded.workflowFile ?? "")
        for id in state.runIdentifiers().suffix(Self.limit).reversed() {
            guard let run = try? StoredRun(id, in: state),
                let journal = try? JournalReader.read(run.journal(), stepList: run.stepList),
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
        guard let run = try? StoredRun(id, in: state) else { return nil }
        return try? JournalReader.header(of: run.journal(), stepList: run.stepList).mode
    }

    /// What steps would be made from if they started now.
    private var bases: StepBases? {
        var options = RunOptions()
        // Steps without a command are compared by the input of a runner, whichever runner it is.
        options.runner = project.workflow.execution.runner ?? .arguments(["true"])
        return (try? RunPlan.make(resolved: project.resolved, options: options)).map {
            StepBases(plan: $0, root: project.root, environment: ProcessEnvironment.environment)
        }
    }
}
