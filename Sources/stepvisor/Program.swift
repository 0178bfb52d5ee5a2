import Platform
import Supervisor
import WorkflowModel

/// One invocation of stepvisor: parse, run, report errors, return the exit code.
enum Program {
    /// The output of `--version`.
    static let version = "0.1.0"

    /// Runs a command line, and returns the exit code.
    static func run(_ words: [String]) -> Int32 {
        do {
            try TrustGate.refuseBorrowedRights()
            return try carryOut(try ArgumentParser.parse(words))
        } catch let error as ArgumentError {
            let (message, help) = error.diagnostic
            return Console.report(CommandFailure(.usage, message, help: help))
        } catch let failure as CommandFailure {
            return Console.report(failure)
        } catch let error as SystemError {
            return Console.report(CommandFailure(error))
        } catch {
            return Console.report(CommandFailure(.ownProblem, "\(error)"))
        }
    }

    private static func carryOut(_ arguments: ParsedArguments) throws -> Int32 {
        if arguments.has(.version) {
            try StandardStream.output.write(Array("stepvisor \(version)\n".utf8))
            return 0
        }
        if arguments.has(.help) {
            let topic = arguments.isCommandImplied ? nil : arguments.command
            try StandardStream.output.write(Array(HelpText.text(of: topic).utf8))
            return 0
        }
        try ProcessEnvironment.checkStack()
        StartDirectory.remember()
        if let directory = arguments.text(.directory) {
            do throws(SystemError) {
                try ProcessEnvironment.changeDirectory(to: directory)
            } catch {
                throw CommandFailure(.usage, error.description, help: "check the path after `-C`")
            }
        }
        let console = Console(arguments)
        switch arguments.command {
        case .run: return try RunCommand(arguments, console).run()
        case .plan: return try PlanCommand(arguments, console).run()
        case .check: return try CheckCommand(arguments, console).run()
        case .changes: return try ChangesCommand(arguments, console).run()
        case .graph: return try GraphCommand(arguments, console).run()
        case .status: return try InspectCommand(arguments, console).status()
        case .logs: return try LogsCommand(arguments, console).run()
        case .timeline: return try InspectCommand(arguments, console).timeline()
        case .why: return try WhyCommand(arguments, console).run()
        case .mark: return try MarkCommand(arguments, console).mark()
        case .forget: return try MarkCommand(arguments, console).forget()
        case .clean: return try CleanCommand(arguments, console).run()
        case .lock: return try LockCLI(arguments, console).run()
        case .`init`: return try InitCommand(arguments, console).run()
        case .help: return try HelpText.run(arguments, console)
        case .report, .history, .insights, .completions:
            throw ArgumentError.notYetSupported(arguments.command.rawValue)
        }
    }
}
