import Execution
import WorkflowModel

/// What tools say of themselves: the commands of `tools`, each asked once a run.
enum ToolAnswers {
    /// Seconds after which a tool counts as one that gives no answer.
    private static let limit = 60.0
    /// What is kept of an answer; a version is shorter.
    private static let mostBytes = 4096
    /// What is read of one; the rest is dropped.
    private static let mostReadBytes = 1 << 20

    /// Asks the tools of the steps that are meant.
    ///
    /// - Parameters:
    ///   - plan: Says which steps are meant, and which shell takes a command.
    ///   - root: Where the commands run, absolute.
    ///   - inherited: What steps inherit.
    /// - Returns: The answers by the bytes of the command. One that failed has its end for an answer, so that a tool
    ///   that is installed later is a change.
    static func ask(
        _ plan: RunPlan, root: String, inherited: [String: String]
    ) -> [[UInt8]: String] {
        let workflow = plan.resolved.workflow
        var commands: Set<[UInt8]> = []
        // By index: a step is dear to copy.
        for step in workflow.steps.indices
        where plan.selected[step] && workflow.steps[step].hasGating {
            commands.formUnion(workflow.steps[step].gating.tools.map { Array($0.utf8) })
        }
        guard !commands.isEmpty, let shell = workflow.execution.shell.first else { return [:] }
        var environment = EnvironmentFilter(workflow.execution.passEnvironment)
            .filtered(inherited)
        for variable in workflow.environment { environment[variable.name] = variable.value }
        environment["PWD"] = root
        var resolver = ProgramResolver()
        let place = SearchPlace(path: environment["PATH"], directory: root)
        guard let program = try? resolver.resolve(shell, in: place),
            let launcher = try? ProcessLauncher()
        else { return [:] }
        var command = CapturedCommand(
            program: program, environment: environment, directory: root)
        command.limit = limit
        command.mostOutputBytes = mostReadBytes
        command.endsLeftovers = true
        var answers: [[UInt8]: String] = [:]
        for bytes in commands.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let line = String(decoding: bytes, as: UTF8.self)
            let arguments = workflow.execution.shell.dropFirst() + [line]
            answers[bytes] = answer(of: command, Array(arguments), launcher)
        }
        return answers
    }

    private static func answer(
        of command: CapturedCommand, _ arguments: [String], _ launcher: ProcessLauncher
    ) -> String {
        do throws(CapturedCommand.Failure) {
            let result = try command.run(arguments, with: launcher)
            let bytes = result.output + result.error
            var text = String(decoding: bytes.prefix(mostBytes), as: UTF8.self)
            while text.last?.isNewline == true { text.removeLast() }
            if bytes.count > mostBytes {
                text += " (and more: \(Digest(of: bytes).text.prefix(16)))"
            }
            switch result.exit {
            case .exited(0): return text
            case .exited(let code): return "exit code \(code): \(text)"
            case .signalled(let signal, _): return "signal \(signal): \(text)"
            }
        } catch {
            switch error {
            case .notStarted(let reason): return "not started: \(reason)"
            case .tooSlow: return "no answer in \(Int(limit)) seconds"
            }
        }
    }
}
