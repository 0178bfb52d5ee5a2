import FileState
import Platform
import Supervisor
import WorkflowFiles
import WorkflowModel

/// The workflow of a command.
struct Project: Sendable {
    let loaded: LoadedWorkflow
    let resolved: ResolvedWorkflow

    var workflow: Workflow { resolved.workflow }
    var root: String { loaded.projectRoot }

    /// Loads the workflow and prints its diagnostics.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when it cannot run; everything was printed then.
    static func load(_ arguments: ParsedArguments, _ console: Console) throws -> Project {
        let loaded = try read(arguments)
        console.show(loaded.diagnostics, of: loaded.files)
        guard let resolved = loaded.resolved else { throw CommandFailure(.usage, []) }
        return Project(loaded: loaded, resolved: resolved)
    }

    /// The same without the files' text, which only messages about the files need; it could cost a
    /// megabyte during a long run.
    var withoutText: Project {
        var loaded = loaded
        loaded.files = SourceTable()
        return Project(loaded: loaded, resolved: resolved)
    }

    /// Loads the workflow, valid or not.
    ///
    /// - Parameters:
    ///   - arguments: Which one is meant.
    ///   - parses: Whether it is parsed and checked even where an earlier start has kept what came of that.
    /// - Returns: What was found.
    /// - Throws: ``CommandFailure`` where there is no working directory.
    static func read(_ arguments: ParsedArguments, parses: Bool = false) throws -> LoadedWorkflow {
        guard let directory = ProcessEnvironment.workingDirectory else {
            if let shown = ProcessEnvironment.shownWorkingDirectory {
                throw CommandFailure(
                    .usage, "the path of the working directory is not UTF-8: `\(shown)`",
                    help: "rename the directory in it whose name is not")
            }
            throw CommandFailure(
                .usage, "the working directory does not exist any more",
                help: "change to another one, or name it with `-C`")
        }
        let loaded = WorkflowLoader.load(
            path: arguments.text(.file), workingDirectory: directory,
            snapshots: parses ? nil : .stored)
        if !loaded.workflow.execution.secrets.isEmpty {
            SecretWarnings.learn(from: loaded.workflow)
        }
        SecretWarnings.learn(from: loaded)
        return loaded
    }

    /// Arguments that name the same workflow on a command line.
    static func words(naming arguments: ParsedArguments) -> [String] {
        (arguments.text(.directory).map { ["-C", $0] } ?? [])
            + (arguments.text(.file).map { ["-f", $0] } ?? [])
    }
}
