import Execution
import Platform
public import Processes
public import WorkflowModel

/// Determines what steps start, without starting it; used by launches and by `check`.
public struct StepCommands {
    private let workflow: Workflow
    private let root: String
    /// The root without links; no working directory may be outside of it.
    private let base: String
    private var programs = ProgramResolver()

    /// The commands of a workflow's steps; `root` is the project's, absolute.
    public init(of workflow: Workflow, root: String) {
        self.workflow = workflow
        self.root = root
        base = RealPath.of(root) ?? root
    }

    /// What would keep a step from being started with the files now on disk; nil for nothing.
    ///
    /// - Parameters:
    ///   - index: Index of the step in ``WorkflowModel/Workflow/steps``.
    ///   - inheritedPath: The PATH that steps inherit; nil when there is none.
    /// - Returns: The first problem.
    public mutating func problem(of index: Int, inheritedPath: String?) -> ProgramProblem? {
        let step = workflow.steps[index]
        let path =
            step.environment.last { $0.name == "PATH" }?.value
            ?? workflow.environment.last { $0.name == "PATH" }?.value ?? inheritedPath
        do throws(ProgramProblem) {
            let directory = try directory(of: index)
            let command = step.command ?? step.runner ?? workflow.execution.runner
            if case .shell(let line) = command, let word = directWords(of: line)?.first {
                do throws(ProgramProblem) {
                    _ = try programs.resolve(
                        word, in: SearchPlace(path: path, directory: directory))
                } catch {
                    // The shell runs a file without a `#!` line as a script of its own; any other
                    // problem fails in the shell too.
                    if error.cause != .shapeless { return error }
                }
            }
            _ = try invocation(of: command, path: path, directory: directory)
            return nil
        } catch {
            return error
        }
    }

    /// A step's working directory, absolute.
    func directory(of index: Int) throws(ProgramProblem) -> String {
        guard let declared = workflow.steps[index].workingDirectory else { return root }
        let directory = declared.hasPrefix("/") ? declared : "\(root)/\(declared)"
        var facts = stat()
        guard stat(directory, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
            throw ProgramProblem(
                message: "the working directory `\(declared)` does not exist",
                help: "make it in a step before this one, or correct `working_directory`",
                cause: .missing)
        }
        guard let resolved = RealPath.of(directory),
            base == "/" || resolved == base || resolved.hasPrefix(base + "/")
        else {
            throw ProgramProblem(
                message: "the working directory `\(declared)` leads out of the project by a link",
                help: "change the directory in the command itself: `cd \(declared) && …`")
        }
        return directory
    }

    /// The program that a command starts, and the words after it.
    mutating func invocation(
        of command: Command?, path: String?, directory: String
    ) throws(ProgramProblem) -> (program: String, arguments: [String]) {
        let place = SearchPlace(path: path, directory: directory)
        switch command {
        case .arguments(let words):
            return (try programs.resolve(words.first ?? "", in: place), Array(words.dropFirst()))
        case .script(let script):
            let absolute = script.hasPrefix("/") ? script : "\(root)/\(script)"
            do throws(ProgramProblem) {
                try programs.check(absolute, shown: script, in: place)
            } catch {
                // A script is a file of the project: no step creates it.
                throw ProgramProblem(message: error.message, help: error.help)
            }
            return (absolute, [])
        case .shell(let line):
            if let words = directWords(of: line), let first = words.first,
                // What cannot be started directly is left to the shell, which reports it in its own
                // way.
                let program = try? programs.resolve(first, in: place)
            {
                return (program, Array(words.dropFirst()))
            }
            let shell = workflow.execution.shell
            let program = try programs.resolve(shell.first ?? "/bin/sh", in: place)
            return (program, shell.dropFirst() + [line])
        case nil:
            throw ProgramProblem(
                message: "it has no `command`, and `[execution]` has no `runner`",
                help: "give it a `command`, or set a `runner` for all steps without one",
                cause: .nameless)
        }
    }

    /// The words of a line that is started without its shell; nil when the line needs it.
    private func directWords(of line: String) -> [String]? {
        workflow.execution.shell == ExecutionSettings.defaultShell
            ? DirectCommand.words(of: line) : nil
    }
}
