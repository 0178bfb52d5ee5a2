import Execution
import Platform
import Processes
import Reporting
import Supervisor
import WorkflowModel

/// Searches for the `tools` of all steps in the PATH that steps will have.
struct ToolCheck {
    let workflow: Workflow
    /// The project root, absolute.
    let root: String

    /// Missing tools: a step that names one is never up to date.
    var diagnostics: [Diagnostic] {
        var resolver = ProgramResolver()
        let filter = EnvironmentFilter(workflow.execution.passEnvironment)
        let path =
            workflow.environment.last { $0.name == "PATH" }?.value
            ?? filter.filtered(ProcessEnvironment.environment)["PATH"]
        let place = SearchPlace(path: path, directory: root)
        var seen: Set<String> = []
        var notes: [Diagnostic] = []
        for step in workflow.steps where step.hasGating {
            for tool in step.gating.tools where seen.insert(tool).inserted {
                // Another program may be used instead, so report nothing.
                guard !tool.contains("||"), !tool.contains("if "),
                    let program = CommandScripts.firstProgram(
                        of: tool, shell: workflow.execution.shell)
                else { continue }
                do throws(ProgramProblem) {
                    _ = try resolver.resolve(program, in: place)
                } catch {
                    notes.append(
                        InputNotes.missing(
                            tool, of: step, because: error.message, help: error.help))
                }
            }
        }
        return notes
    }
}
