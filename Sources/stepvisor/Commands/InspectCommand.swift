import Execution
import Platform
import Reporting
import Supervisor
import WorkflowFiles

/// `stepvisor status` and `stepvisor timeline`: reports from the journal of a run.
struct InspectCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func status() throws -> Int32 {
        try show { run in
            StatusText(
                run.record, at: run.now, isAlive: run.isAlive,
                columns: StandardStream.output.columns, style: console.outputStyle
            ).text
        }
    }

    func timeline() throws -> Int32 {
        try show { run in
            Timeline(
                run.record, at: run.now, columns: StandardStream.output.columns ?? 100,
                isAlive: run.isAlive, style: console.outputStyle
            ).text
        }
    }

    private func show(_ text: (RecordedRun) -> String) throws -> Int32 {
        let run = try InspectCommand.run(of: arguments, console)
        if console.wantsJSON {
            var document = ProgressDocument(header: run.record.header)
            try document.write(run.record, at: run.now) { try console.out($0) }
        } else {
            try console.out(text(run))
        }
        return 0
    }

    /// The run that `--run`, or the only operand, names.
    static func run(
        of arguments: ParsedArguments, _ console: Console
    ) throws -> RecordedRun {
        let word = arguments.command == .logs ? nil : arguments.operands.first
        if let word, let id = arguments.text(.run), word != id {
            throw ArgumentError.conflict(word, "--run \(id)")
        }
        // The workflow itself may be broken by now: only its location is needed.
        let loaded = try Project.read(arguments)
        return try RecordedRun.find(arguments.text(.run) ?? word, of: loaded, console: console)
    }
}
