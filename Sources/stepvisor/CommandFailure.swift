import Platform
import Supervisor
import WorkflowModel

/// Why a command failed: its exit code, and the message for the user.
struct CommandFailure: Error {
    /// Exit codes of all commands; a run has further ones.
    enum Code: Int32, Sendable {
        /// A step failed, or a check found a difference.
        case failed = 1
        /// A mistake in the command line or the workflow: nothing was run.
        case usage = 2
        /// Another run holds the project.
        case busy = 4
        /// The disk, a permission, the system.
        case ownProblem = 5
    }

    let code: Code
    /// Errors, first to last; empty when all were printed already.
    let diagnostics: [Diagnostic]
    /// The files to which the places of the errors refer.
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
