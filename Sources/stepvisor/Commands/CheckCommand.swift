import DependencyGraph
import Execution
import FileState
import Platform
import Processes
import Reporting
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// `stepvisor check`: all checks that run nothing.
struct CheckCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let loaded = try Project.read(arguments, parses: true)
        var diagnostics = loaded.diagnostics
        if let resolved = loaded.resolved {
            diagnostics += CheckCommand.commandProblems(resolved, root: loaded.projectRoot)
            diagnostics += CheckCommand.backupsWithoutCommand(resolved.workflow)
            diagnostics += CheckCommand.undeclaredResources(resolved.workflow)
            diagnostics += SkipNotes(resolved).diagnostics
            diagnostics +=
                InputNotes(
                    resolved.workflow, files: loaded.files, root: loaded.projectRoot,
                    stateDirectory: StateDirectory.name
                ).diagnostics
            diagnostics +=
                ToolCheck(workflow: resolved.workflow, root: loaded.projectRoot).diagnostics
            diagnostics += CheckCommand.outsideOutputs(resolved.workflow, loaded.projectRoot)
            diagnostics += SecretWarnings.warnings(on: resolved.workflow)
            diagnostics += resolved.workflow.withoutEffect.map { Diagnostic(.warning, $0) }
        }
        let isValid = !diagnostics.contains { $0.severity == .error }
        let checklist = checklist(of: loaded)
        if console.wantsJSON {
            try console.out(json(loaded, diagnostics, checklist, isValid: isValid))
        } else {
            try say(loaded, diagnostics, isValid: isValid)
            if let report = checklist?.report {
                try console.out(report.text(style: console.outputStyle, checklistExtent))
            }
        }
        let isSafe = checklist?.list.isMet ?? true
        return isValid && isSafe ? 0 : CommandFailure.Code.usage.rawValue
    }

    private var checklistExtent: SafetyReport.Extent {
        switch console.verbosity {
        case .quiet: .failures
        case .verbose: .everything
        default: .points
        }
    }

    /// `--strict`: the safety checklist; nil without that option, or without a valid graph.
    private func checklist(of loaded: LoadedWorkflow) -> (
        list: SafetyChecklist, report: SafetyReport
    )? {
        guard arguments.has(.strict), let resolved = loaded.resolved else { return nil }
        let records = SafetyRecords(Project(loaded: loaded, resolved: resolved))
        let list = SafetyChecklist(
            of: resolved, evidence: records.evidence, processors: ProcessEnvironment.processors)
        return (
            list,
            SafetyReport(
                list, of: resolved.workflow, in: loaded.files, path: loaded.path ?? "workflow.toml")
        )
    }

    private func say(
        _ loaded: LoadedWorkflow, _ diagnostics: [Diagnostic], isValid: Bool
    ) throws {
        // `check` also prints what a run would not mention.
        let shown = diagnostics.filter { console.verbosity > .quiet || $0.severity == .error }
        if !shown.isEmpty {
            console.say(loaded.files.render(shown))
        }
        guard let resolved = loaded.resolved else { return }
        var text = ""
        for conflict in resolved.conflicts {
            text += Sanitizer.line(PlanReport.sentence(conflict, resolved.workflow)) + "\n"
        }
        for feature in resolved.workflow.notYetHonoured { text += feature.line + "\n" }
        if isValid {
            text += console.outputStyle.green("ok") + ": \(counts(resolved))\n"
        }
        if console.verbosity > .quiet { try console.out(text) }
    }

    private func counts(_ resolved: ResolvedWorkflow) -> String {
        return Wording.list([
            Wording.count(resolved.graph.count, "step"),
            Wording.count(resolved.graph.edgeCount, "edge"),
            Wording.count(resolved.phaseCount, "phase"),
        ]).replacing(" and ", with: ", ")
    }

    /// Steps that could not be started with the files now on disk.
    private static func commandProblems(
        _ resolved: ResolvedWorkflow, root: String
    ) -> [Diagnostic] {
        var commands = StepCommands(of: resolved.workflow, root: root)
        let filter = EnvironmentFilter(resolved.workflow.execution.passEnvironment)
        let path = filter.filtered(ProcessEnvironment.environment)["PATH"]
        var nameless: [Int] = []
        let problems: [Diagnostic] = resolved.workflow.steps.enumerated().compactMap {
            index, step in
            guard let problem = commands.problem(of: index, inheritedPath: path) else { return nil }
            guard !problem.isNameless else {
                nameless.append(index)
                return nil
            }
            let message = "step `\(step.id)` cannot be started: \(problem.message)"
            guard problem.mayBeMade, !resolved.graph.dependencies(of: index).isEmpty else {
                return .error(message, at: step.range, help: problem.help)
            }
            return .warning(
                message, at: step.range,
                help: "a step before it has to make it; otherwise correct the path")
        }
        guard !nameless.isEmpty else { return problems }
        return [MissingCommands(nameless, of: resolved.workflow).note] + problems
    }

    /// Outputs that a step would write outside of the project.
    private static func outsideOutputs(_ workflow: Workflow, _ root: String) -> [Diagnostic] {
        var places = OutsideOutputs(root: root)
        return places.findings(in: workflow).map { finding in
            let step = workflow.steps[finding.step]
            return .warning(
                "step `\(step.id)`: \(finding.sentence)", at: step.range,
                help: "it is neither kept in the cache nor put in place from there")
        }
    }

    /// Backups that are only described, in a run without a runner to read them; a step without a
    /// command is reported as that.
    private static func backupsWithoutCommand(_ workflow: Workflow) -> [Diagnostic] {
        guard workflow.execution.runner == nil else { return [] }
        // Instances of one `foreach` have the same backups.
        var seen: Set<SourceRange?> = []
        return workflow.steps.flatMap { step -> [Diagnostic] in
            guard step.runner == nil, step.command != nil else { return [] }
            return step.recovery.backups.enumerated().compactMap { number, backup in
                guard backup.command == nil, seen.insert(backup.range).inserted else { return nil }
                return .warning(
                    "backup \(number + 1) of step `\(step.id)` has no command, and there is no "
                        + "runner: it is passed over", at: backup.range,
                    help: "give it a `command`, or name what reads its words: "
                        + "`[execution] runner = '…'` or `run --runner`")
            }
        }
    }

    /// An undeclared resource has capacity 1, and so has a misspelt name, silently.
    private static func undeclaredResources(_ workflow: Workflow) -> [Diagnostic] {
        var seen = Set(workflow.resources.map(\.name))
        return workflow.steps.flatMap(\.resources).compactMap { use in
            guard seen.insert(use.name).inserted else { return nil }
            return Diagnostic(
                .note, "resource `\(use.name)` is not declared, so there is one of it",
                at: use.range, help: "to say how many there are: `\(use.name) = 1` in `[resources]`"
            )
        }
    }

    private func json(
        _ loaded: LoadedWorkflow, _ diagnostics: [Diagnostic],
        _ checklist: (list: SafetyChecklist, report: SafetyReport)?, isValid: Bool
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.member("valid", isValid)
        if let resolved = loaded.resolved {
            writer.member("steps", resolved.graph.count)
            writer.member("edges", resolved.graph.edgeCount)
            writer.member("phases", resolved.phaseCount)
            writer.key("conflicts")
            writer.beginArray()
            for conflict in resolved.conflicts {
                writer.string(PlanReport.sentence(conflict, resolved.workflow))
            }
            writer.endArray()
            writer.key("not_yet_honoured")
            writer.beginArray()
            for feature in resolved.workflow.notYetHonoured { writer.string(feature.line) }
            writer.endArray()
        }
        writer.key("diagnostics")
        writer.beginArray()
        for diagnostic in diagnostics.sortedByPlace() {
            write(diagnostic, loaded.files, to: &writer)
        }
        writer.endArray()
        checklist?.report.write(to: &writer)
        writer.endObject()
        writer.bytes.append(UInt8(ascii: "\n"))
        return writer.bytes
    }

    private func write(
        _ diagnostic: Diagnostic, _ files: SourceTable, to writer: inout JSONWriter
    ) {
        writer.newLine()
        writer.beginObject()
        writer.member("severity", diagnostic.severity.label)
        writer.member("message", diagnostic.message)
        if let range = diagnostic.range {
            let place = files.position(of: range)
            writer.member("file", place.path)
            writer.member("line", place.line)
            writer.member("column", place.column)
        }
        if let help = diagnostic.help { writer.member("help", help) }
        writer.endObject()
    }
}
