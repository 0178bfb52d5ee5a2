import DependencyGraph
import Execution
import Platform
import Processes
import Reporting
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// `stepvisor mark STEP…` and `forget STEP…`: change the recorded state of steps without running
/// them.
struct MarkCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    /// Records the steps as done.
    func mark() throws -> Int32 {
        let project = try Project.load(arguments, console)
        let steps = try NamedSteps(arguments, project)
        let state = try StateDirectory(root: project.root, create: true)
        let lock = try ProjectGate(console).take(state, waits: arguments.has(.wait))
        defer { lock.release() }
        project.keepSnapshot(in: state)
        if !project.workflow.execution.secrets.isEmpty { try ProjectKey.make(in: state) }
        try ProcessEnvironment.changeDirectory(to: project.root)
        var edit = StepStateEdit(look(steps.plan, project, state), in: state)
        let name = StepReason.markPrefix + Timestamp.text(RunClock.wallTime())
        let named = Set(steps.indices)
        for step in project.resolved.graph.topologicalOrder() where named.contains(step) {
            let id = project.resolved.graph.nodes[step].rawValue
            do throws(StepStateEdit.Problem) {
                try edit.mark(step, as: name)
            } catch {
                throw MarkCommand.failure(error, id)
            }
            console.note("marked `\(id)`: it is up to date as things are")
        }
        return 0
    }

    /// Makes the steps run next time.
    func forget() throws -> Int32 {
        let project = try Project.load(arguments, console)
        let steps = try NamedSteps(arguments, project)
        let state: StateDirectory
        do throws(SystemError) {
            state = try StateDirectory(root: project.root, create: false)
        } catch {
            guard error.isAbsence else { throw CommandFailure(error) }
            console.note("nothing is known of any step: there is nothing to forget")
            return 0
        }
        let lock = try ProjectGate(console).take(state, waits: arguments.has(.wait))
        defer { lock.release() }
        var edit = StepStateEdit(look(steps.plan, project, state), in: state)
        for step in steps.indices {
            let id = project.resolved.graph.nodes[step].rawValue
            console.note(
                try edit.forget(step)
                    ? "forgot `\(id)`: it runs next time"
                    : "nothing is known of `\(id)`: it runs next time anyway")
        }
        return 0
    }

    private func look(
        _ plan: RunPlan, _ project: Project, _ state: StateDirectory
    ) -> UpToDateChecker {
        UpToDateChecker(
            plan: plan, state: state, root: project.root,
            workflow: project.loaded.workflowFile ?? "",
            environment: ProcessEnvironment.environment, mask: SecretWarnings.mask,
            tell: Console.tell)
    }

    private static func failure(_ problem: StepStateEdit.Problem, _ id: String) -> CommandFailure {
        func names(_ list: [String]) -> String {
            Wording.list(list.map { "`\(Sanitizer.line($0))`" }, atMost: 8)
        }
        switch problem {
        case .declaresNoInputs:
            return CommandFailure(
                .usage, "`\(id)` declares no `inputs`, so it runs every time",
                help: "say what it reads: `inputs = […]`")
        case .modifiesFiles:
            return CommandFailure(
                .usage, "`\(id)` changes files in place (`modifies`), so it runs every time",
                help: "to leave it out of a run: `stepvisor run --smart-execution --skip \(id)`")
        case .inputsUnreadable(let paths):
            return CommandFailure(
                .usage, "what `\(id)` reads cannot be read: \(names(paths))",
                help: "look at the permissions")
        case .outputsMissing(let patterns):
            return CommandFailure(
                .usage, "`\(id)` is not done: its output \(names(patterns)) is missing",
                help: "make it, or run the step: `stepvisor run --only \(id)`")
        case .needsUnknown(let needs):
            let words = needs.map { ShellWord.quoted($0) }.joined(separator: " ")
            return CommandFailure(
                .usage, "`\(id)` needs \(names(needs)), of which nothing is known",
                help: "mark what it needs too, `stepvisor mark \(words) \(id)`, or run it")
        case .system(let error):
            return CommandFailure(error)
        }
    }
}
