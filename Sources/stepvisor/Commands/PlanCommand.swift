import Execution
import Reporting

/// `stepvisor plan`: prints the plan before anything runs.
struct PlanCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let project = try Project.load(arguments, console)
        let request = try RunRequest(project, arguments)
        for note in request.plan.warnings + request.notes { console.note(note) }
        let report = PlanReport(
            request.plan, processors: request.options.processors, skips: SkipReport(request))
        if console.wantsJSON {
            try console.out(report.json)
        } else {
            let showsAll = console.verbosity == .verbose
            try console.out(report.text(style: console.outputStyle, showsAll: showsAll))
        }
        return arguments.has(.exitCode) && report.skips?.isDue ?? false ? PlanCommand.due : 0
    }

    /// The exit code of `--exit-code` when steps would run.
    private static let due: Int32 = 3
}
