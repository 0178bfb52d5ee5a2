import Execution
import Supervisor
import Synchronization
import WorkflowFiles
import WorkflowModel

/// The secrets of the workflow at hand: everything that this process says goes past them.
enum SecretWarnings {
    private static let current = Mutex(SecretMask.none)

    /// Masks what is known to be secret so far.
    static var mask: SecretMask { current.withLock { $0 } }

    /// Learns the secrets that a workflow declares, valid or not, from here on.
    @discardableResult
    static func learn(from workflow: Workflow) -> DeclaredSecrets {
        let secrets = DeclaredSecrets(of: workflow, inherited: ProcessEnvironment.variable)
        current.withLock { $0 = secrets.mask }
        return secrets
    }

    /// Learns what may be secret in files with mistakes in them, beside what could be read of them.
    static func learn(from loaded: LoadedWorkflow) {
        guard !loaded.secretNames.isEmpty || !loaded.secretTexts.isEmpty else { return }
        let inherited = loaded.secretNames.compactMap(ProcessEnvironment.variable)
        current.withLock { $0 = $0.adding(loaded.secretTexts + inherited) }
    }

    /// What a run has to say of its secrets before it begins.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when one is too short to be masked.
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

    /// What `check` says of secrets as they are set where it is started.
    static func warnings(on workflow: Workflow) -> [Diagnostic] {
        guard !workflow.execution.secrets.isEmpty else { return [] }
        return learn(from: workflow).tooShort.map { name in
            .warning(
                "the value of the secret `\(name)` has fewer than \(SecretMask.shortestValue) "
                    + "bytes, so a run is refused",
                help: "give it a longer value, or take it out of `[execution] secrets`")
        }
    }

    /// What steps are given instead of a PATH that `pass_environment` leaves out.
    static func pathNote(on workflow: Workflow) -> String? {
        guard let passed = workflow.execution.passEnvironment,
            EnvironmentFilter(passed).filtered(ProcessEnvironment.environment)["PATH"] == nil,
            !workflow.environment.contains(where: { $0.name == "PATH" })
        else { return nil }
        return "note: `pass_environment` leaves out `PATH`, so steps get the system's own: "
            + SearchPlace.defaultPath
    }
}
