import Execution
import Platform
import Reporting
import Supervisor
import WorkflowFiles
import WorkflowModel

/// `stepvisor graph`: prints the diagram, writes it to a file, or compares it with one.
struct GraphCommand {
    private enum Format: String {
        case mermaid, dot, json
    }

    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        if arguments.has(.check), arguments.has(.outputFile) {
            throw ArgumentError.conflict("--check", "-o")
        }
        let project = try Project.load(arguments, console)
        let bytes = SecretWarnings.mask.masked(Array(try diagram(of: project).utf8))
        if let file = arguments.text(.check) { return try check(file, against: bytes) }
        guard let file = arguments.text(.outputFile), file != "-" else {
            try console.out(bytes)
            return 0
        }
        do throws(SystemError) {
            try ProjectFiles.write(bytes, to: file) {
                console.note("waiting for somebody to read the pipe `\(file)`")
            }
        } catch {
            if error.isDirectory { throw Self.directory(file) }
            throw CommandFailure(
                .ownProblem, error.description,
                help: error.isAbsence
                    ? "make the directory first that it is to be in" : error.advice)
        }
        console.note("wrote \(Sanitizer.line(file))")
        return 0
    }

    /// `--format`, else the ending of the output file, else Mermaid.
    private var format: Format {
        if let name = arguments.text(.format) { return Format(rawValue: name) ?? .mermaid }
        if console.wantsJSON { return .json }
        let file = arguments.text(.outputFile) ?? arguments.text(.check) ?? ""
        if file.hasSuffix(".dot") || file.hasSuffix(".gv") { return .dot }
        return file.hasSuffix(".json") ? .json : .mermaid
    }

    private func diagram(of project: Project) throws -> String {
        var record: RunRecord?
        var durations: [Double]?
        if arguments.has(.run) {
            let run = try RecordedRun.find(
                arguments.text(.run), of: project.loaded, console: console)
            record = run.record
            durations = Self.durations(of: run, project.workflow)
        }
        let diagram = RunDiagram(project.resolved, durations: durations, record: record)
        switch format {
        case .dot: return diagram.dot()
        case .json: return diagram.json()
        case .mermaid:
            let text = diagram.mermaid()
            if let warning = diagram.mermaidWarning(for: text) { console.note("note: \(warning)") }
            return text
        }
    }

    /// The durations that a run measured, for the steps of the current workflow; running steps
    /// count up to now.
    private static func durations(of run: RecordedRun, _ workflow: Workflow) -> [Double]? {
        let record = run.record
        var measured: [String: Double] = [:]
        for (step, header) in zip(record.steps, record.header.steps) {
            if let elapsed = step.wholeTime(at: run.now) { measured[header.id] = Double(elapsed) }
        }
        guard !measured.isEmpty else { return nil }
        return workflow.steps.map { measured[$0.id.rawValue] ?? 0 }
    }

    private func check(_ file: String, against expected: [UInt8]) throws -> Int32 {
        let update =
            (["stepvisor", "graph"] + Project.words(naming: arguments)
            + (arguments.text(.format).map { ["--format", $0] } ?? []) + ["-o", file])
            .map { ShellWord.quoted($0) }.joined(separator: " ")
        let found: [UInt8]
        do throws(FileProblem) {
            found = try FileInput.read(file)
        } catch {
            throw Self.unread(file, error, update: update)
        }
        guard found != expected else {
            console.note("\(Sanitizer.line(file)) is up to date")
            return 0
        }
        let difference = DiagramDifference(from: found, to: expected)
        throw CommandFailure(
            .failed, "`\(file)` is not the workflow's diagram: \(difference.text)",
            help: difference.help ?? "bring it up to date with `\(update)`")
    }

    private static func unread(
        _ file: String, _ problem: FileProblem, update: String
    ) -> CommandFailure {
        var diagnostic = problem.diagnostic
        switch problem.reason {
        case .directory: return directory(file)
        case .opening where problem.isAbsence:
            diagnostic.help = "write it with `\(update)`"
            return CommandFailure(.failed, [diagnostic])
        case .invalidName, .notRegular, .tooLarge: return CommandFailure(.usage, [diagnostic])
        case .opening, .reading: return CommandFailure(.ownProblem, [diagnostic])
        }
    }

    private static func directory(_ file: String) -> CommandFailure {
        CommandFailure(
            .usage, "`\(file)` is a directory, not a diagram",
            help: "name a file, such as `\(file.hasSuffix("/") ? file : file + "/")graph.mmd`")
    }
}
