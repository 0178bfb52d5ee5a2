import Execution
import Processes
import WorkflowModel

/// What tools say of themselves: the commands of `tools`, each asked once a run.
struct ToolAnswers: Sendable {
    /// What is compared, by the bytes of the command.
    private(set) var texts: [[UInt8]: String] = [:]
    /// Why a tool gave no answer, by the bytes of the command: such a one proves nothing unchanged.
    private(set) var silent: [[UInt8]: String] = [:]

    /// Seconds after which a tool counts as one that gives no answer.
    static let limit = 15.0
    /// Seconds after which it is told what is waited for.
    static let patience = 5.0
    /// What is kept of an answer; a version is shorter.
    private static let maxBytes = 4096
    /// What is read of one; the rest is dropped.
    private static let maxReadBytes = 1 << 20

    /// Asks the tools of the steps that are meant.
    ///
    /// - Parameters:
    ///   - plan: Says which steps are meant, and which shell takes a command.
    ///   - root: Where the commands run, absolute.
    ///   - inherited: What steps inherit.
    ///   - tell: Takes a line about what is waited for, or was given up.
    /// - Returns: The answers, and what gave none.
    static func ask(
        _ plan: RunPlan, root: String, inherited: [String: String], tell: (String) -> Void
    ) -> ToolAnswers {
        let workflow = plan.resolved.workflow
        var answers = ToolAnswers()
        var commands: Set<[UInt8]> = []
        // By index: a step is dear to copy.
        for step in workflow.steps.indices
        where plan.selected[step] && workflow.steps[step].hasGating {
            commands.formUnion(workflow.steps[step].gating.tools.map { Array($0.utf8) })
        }
        guard !commands.isEmpty, let shell = workflow.execution.shell.first else { return answers }
        var environment = EnvironmentFilter(workflow.execution.passEnvironment)
            .filtered(inherited)
        for variable in workflow.environment { environment[variable.name] = variable.value }
        environment["PWD"] = root
        var resolver = ProgramResolver()
        let place = SearchPlace(path: environment["PATH"], directory: root)
        guard let program = try? resolver.resolve(shell, in: place),
            let launcher = try? ProcessLauncher()
        else {
            for bytes in commands { answers.note(nil, "the shell cannot be started", of: bytes) }
            return answers
        }
        var command = CapturedCommand(
            program: program, environment: environment, directory: root)
        command.limit = limit
        command.patience = patience
        command.maxOutputBytes = maxReadBytes
        command.endsLeftovers = true
        for bytes in commands.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let line = String(decoding: bytes, as: UTF8.self)
            let arguments = Array(workflow.execution.shell.dropFirst() + [line])
            let answer = answer(of: command, arguments, launcher) {
                tell("waiting for the tool `\(line)`, at most \(Int(limit)) s")
            }
            answers.note(answer.text, answer.problem, of: bytes)
            if answer.isTooSlow {
                tell(
                    "warning: the tool `\(line)` gave no answer in \(Int(limit)) s: the steps that "
                        + "name it run")
            }
        }
        return answers
    }

    private mutating func note(_ text: String?, _ problem: String?, of command: [UInt8]) {
        texts[command] = text ?? "no answer"
        if let problem { silent[command] = problem }
    }

    private typealias Answer = (text: String?, problem: String?, isTooSlow: Bool)

    private static func answer(
        of command: CapturedCommand, _ arguments: [String], _ launcher: ProcessLauncher,
        waiting: () -> Void
    ) -> Answer {
        do throws(CapturedCommand.Failure) {
            let result = try command.run(arguments, with: launcher, waiting: waiting)
            let bytes = result.output + result.error
            var text = String(decoding: bytes.prefix(maxBytes), as: UTF8.self)
            while text.last?.isNewline == true { text.removeLast() }
            if bytes.count > maxBytes {
                text += " (and more: \(Digest(of: bytes).text.prefix(16)))"
            }
            let first = text.split(whereSeparator: \.isNewline).first.map { ": \($0)" } ?? ""
            switch result.exit {
            case .exited(0) where text.allSatisfy(\.isWhitespace):
                return (nil, "it printed nothing", false)
            case .exited(0): return (text, nil, false)
            case .exited(let code):
                return ("exit code \(code): \(text)", "exit code \(code)\(first)", false)
            case .signalled(let signal, _):
                let name = SignalName.name(of: signal)
                return ("signal \(signal): \(text)", "killed by \(name)\(first)", false)
            }
        } catch {
            switch error {
            case .notStarted(let reason): return (nil, "not started: \(reason)", false)
            case .tooSlow: return (nil, "no answer in \(Int(limit)) s", true)
            }
        }
    }
}
