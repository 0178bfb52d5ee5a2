import Execution
import Platform
import Processes
import Supervisor
import Synchronization
import WorkflowFiles
import WorkflowModel

/// The secrets of the current workflow, which mask everything that this process prints.
enum SecretWarnings {
    private static let current = Mutex(SecretMask.none)

    /// Masks the secrets known so far.
    static var mask: SecretMask { current.withLock { $0 } }

    /// Adds the secrets that a workflow declares, valid or not.
    @discardableResult
    static func learn(from workflow: Workflow) -> DeclaredSecrets {
        let secrets = DeclaredSecrets(of: workflow, inherited: ProcessEnvironment.variable)
        current.withLock { $0 = secrets.mask }
        return secrets
    }

    /// Adds what may be secret in files with mistakes, besides what could be parsed.
    static func learn(from loaded: LoadedWorkflow) {
        guard !loaded.secretNames.isEmpty || !loaded.secretTexts.isEmpty else { return }
        let inherited = loaded.secretNames.compactMap(ProcessEnvironment.variable)
        current.withLock { $0 = $0.adding(loaded.secretTexts + inherited) }
    }

    /// The notes on secrets before a run.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when a secret is too short to be masked.
    static func notes(on workflow: Workflow) throws -> [String] {
        guard !workflow.execution.secrets.isEmpty else { return [] }
        let secrets = learn(from: workflow)
        if let name = secrets.tooShort.first {
            throw CommandFailure(
                .usage,
                "the value of the secret `\(name)` has fewer than \(SecretMask.shortestValue) "
                    + "bytes: to mask it would hide ordinary text",
                help: "give it a longer value, or take it out of `[execution] secrets`")
        }
        return secrets.unset.map { "note: the secret `\($0)` has no value, so nothing is masked" }
    }

    /// The warnings of `check` on secrets, with the values of its own environment.
    static func warnings(on workflow: Workflow) -> [Diagnostic] {
        guard !workflow.execution.secrets.isEmpty else { return [] }
        return learn(from: workflow).tooShort.map { name in
            .warning(
                "the value of the secret `\(name)` has fewer than \(SecretMask.shortestValue) "
                    + "bytes, so a run is refused",
                help: "give it a longer value, or take it out of `[execution] secrets`")
        }
    }

    /// A note on the PATH that steps get when `pass_environment` leaves PATH out.
    static func pathNote(on workflow: Workflow) -> String? {
        guard let passed = workflow.execution.passEnvironment,
            EnvironmentFilter(passed).filtered(ProcessEnvironment.environment)["PATH"] == nil,
            !workflow.environment.contains(where: { $0.name == "PATH" })
        else { return nil }
        return "note: `pass_environment` leaves out `PATH`, so steps get the system's own: "
            + SearchPlace.defaultPath
    }
}
