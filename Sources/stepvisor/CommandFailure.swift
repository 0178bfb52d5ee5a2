import Supervisor
import WorkflowModel

/// Why a command ends without having done what was asked: its exit code, and what to tell the user.
struct CommandFailure: Error {
    /// Exit codes that commands share; a run has further ones.
    enum Code: Int32, Sendable {
        /// A step failed, or what was checked is not as it should be.
        case failed = 1
        /// A mistake in the command line or the workflow: nothing was run.
        case usage = 2
        /// Another run holds what is needed.
        case busy = 4
        /// The disk, a permission, the system.
        case ownProblem = 5
    }

    let code: Code
    /// Errors, first to last; empty when all has been said.
    let diagnostics: [Diagnostic]
    /// The files that places in the errors refer to.
    var files = SourceTable()

    init(_ code: Code, _ message: String, help: String? = nil) {
        self.code = code
        diagnostics = [.error(message, help: help)]
    }

    init(_ code: Code, _ diagnostics: [Diagnostic], files: SourceTable = SourceTable()) {
        self.code = code
        self.diagnostics = diagnostics
        self.files = files
    }

    init(_ error: SystemError) { self.init(.ownProblem, error.description, help: error.advice) }
}
