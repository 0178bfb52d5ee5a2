import DependencyGraph
import Execution
import FileState
import Platform
import Reporting
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// `stepvisor run`: load, plan, lock the project, supervise, exit code.
struct RunCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let project: Project
        do {
            project = try Project.load(arguments, console)
        } catch let failure as CommandFailure {
            try explainUnknownWord()
            throw failure
        }
        try TrustGate(console).check(project.loaded)
        for note in try SecretWarnings.notes(on: project.workflow) { console.note(note) }
        if let note = SecretWarnings.pathNote(on: project.workflow) { console.note(note) }
        if !arguments.has(.dryRun) { closeInherited() }
        if let word = arguments.text(.replay) { return try replay(word, project) }
        guard let resumption = Resumption(arguments, console, project.loaded) else {
            let lock = try smartLock(project)
            return try carryOut(try RunRequest(project, arguments), project, holding: lock)
        }
        let lock = try resumption.lock(waits: arguments.has(.wait), isDry: arguments.has(.dryRun))
        switch try resumption.base() {
        case .nothing(let reason):
            guard !arguments.has(.decide) else {
                throw CommandFailure(
                    .usage, "there is nothing to decide about: \(reason)",
                    help: "`stepvisor run` starts a run of its own")
            }
            console.note("nothing to resume: \(reason); starting a run of its own")
            return try carryOut(try RunRequest(project, arguments), project, holding: lock)
        case .run(let earlier):
            let request = try RunRequest(project, arguments, resuming: earlier)
            if resumption.isFailedOnly, request.resume?.reruns.isEmpty ?? true {
                let isWhole = earlier.end == .complete
                console.note(
                    "nothing failed in run \(earlier.header.runID)"
                        + (isWhole ? "" : ", but it did not come to its end: `--resume` goes on"))
                return isWhole ? 0 : 1
            }
            return try carryOut(request, project, holding: lock)
        }
    }

    /// Locks the project first, so that no other run changes the state of the steps after it is
    /// read.
    private func smartLock(_ project: Project) throws -> ProjectLock? {
        guard !arguments.has(.dryRun), RunOptions(arguments).smart != .off else { return nil }
        let state = try StateDirectory(root: project.root, create: true)
        let lock = try ProjectGate(console).take(state, waits: arguments.has(.wait))
        if !project.workflow.execution.secrets.isEmpty { try ProjectKey.make(in: state) }
        return lock
    }

    private func replay(_ word: String, _ project: Project) throws -> Int32 {
        let source = ReplaySource(arguments, console, project.loaded)
        let lock = try source.lock()
        let request = try RunRequest(project, arguments, replaying: try source.order(of: word))
        return try carryOut(request, project, holding: lock)
    }

    /// Closes inherited descriptors; call this before opening any that must stay open.
    private func closeInherited() {
        let environment = ProcessEnvironment.environment
        if environment[LockCommand.variable] != nil { LockCommand.adoptInherited() }
        ProcessSetup.closeInherited(keepSockets: environment["STEPVISOR_RUN_ID"] != nil)
    }

    private func carryOut(
        _ request: RunRequest, _ project: Project, holding lock: ProjectLock? = nil
    ) throws -> Int32 {
        for note in request.notes { console.note(note) }
        let unhonoured = project.workflow.notYetHonoured.map(\.line)
        if arguments.has(.dryRun) {
            for line in request.plan.warnings + unhonoured { console.note(line) }
            let report = DryRunReport(
                request.plan, request.options, resume: request.resume, skips: SkipReport(request))
            try console.out(
                console.wantsJSON ? report.json : report.text(style: console.outputStyle))
            return 0
        }
        var places = OutsideOutputs(root: project.root)
        let outside = places.findings(in: project.workflow) {
            request.plan.selected[$0] && !request.plan.isUpToDate($0)
        }
        return try supervise(
            request, project,
            warnings: request.plan.warnings + unhonoured
                + outside.map { "`\(project.workflow.steps[$0.step].id)`: \($0.sentence)" },
            holding: lock)
    }

    /// Explains an unknown word when there is no workflow that could have a step with that name.
    private func explainUnknownWord() throws {
        guard arguments.isCommandImplied, let word = arguments.operands.first,
            let command = CommandName.nearest(to: word)
        else { return }
        throw CommandFailure(
            .usage, "no command `\(word)`, and no workflow that could have such a step",
            help: "did you mean `\(command)`?")
    }

    private func supervise(
        _ request: RunRequest, _ project: Project, warnings: [String], holding earlier: ProjectLock?
    ) throws -> Int32 {
        if console.verbosity == .verbose, let forecast = request.plan.simulate() {
            console.note(PlanReport.expectation(forecast))
        }
        let state = try StateDirectory(root: request.project.root, create: true)
        let lock = try earlier ?? ProjectGate(console).take(state, waits: arguments.has(.wait))
        if !request.project.workflow.execution.secrets.isEmpty { try ProjectKey.make(in: state) }
        if request.plan.resources.contains(where: { $0.scope == .host }),
            let concern = ResourceLocks(
                root: request.project.root, environment: ProcessEnvironment.environment, runID: nil
            ).concern(about: .host)
        {
            console.note("warning: \(concern)")
        }
        let final = FinalRecord()
        let steps = request.plan.resolved.graph.nodes
        let history = request.history
        let view = RecordingView(
            base: makeView(request), final: final,
            place: StartDirectory(projectRoot: request.project.root), mask: SecretWarnings.mask,
            usualTime: { step in history[steps[step]]?.nanoseconds })
        var context = RunContext(
            plan: request.plan, state: state, environment: ProcessEnvironment.environment,
            view: view,
            viewDescriptor: console.wantsJSON
                ? StandardStream.output.rawValue : StandardStream.error.rawValue,
            isTerminal: !console.wantsJSON && console.isErrorLive, warnings: warnings,
            guardian: ProcessEnvironment.ownProgram)
        context.secrets = SecretWarnings.mask
        context.lastLine = { LogTail.lastLine(of: $0) }
        context.freshness = request.freshness
        context.tell = { Console.tell($0) }
        context.workflow = request.project.loaded.workflowFile ?? ""
        let supervisor = try Supervisor(context)
        supervisor.sign(lock)
        project.keepSnapshot(in: state)
        let result = supervisor.run()
        if let record = final.record {
            // Durations only help later plans: a successful run does not fail for them.
            try? DurationStore.add(
                record, of: request.plan, workflow: context.workflow, to: state)
        }
        lock.release()
        return exitCode(result, final.record, StartDirectory(projectRoot: request.project.root))
    }

    private func makeView(_ request: RunRequest) -> any RunView {
        if console.wantsJSON { return JSONView() }
        let words = Project.words(naming: arguments) + rerunOptions
        let mode = arguments.text(.output).flatMap { OutputMode(rawValue: $0) }
        if console.verbosity == .quiet, mode == nil {
            return QuietView(options: words, style: console.errorStyle)
        }
        let output = mode ?? .failures
        let isVerbose = console.verbosity == .verbose
        if console.isErrorLive, output != .none {
            return LiveView(
                output: output, style: console.errorStyle, options: words, namesLeftOut: isVerbose)
        }
        return PlainView(
            output: output, style: console.errorStyle, options: words, namesLeftOut: isVerbose,
            isTerminal: StandardStream.error.isTerminal)
    }

    /// Options that a rerun of a step of this run needs.
    private var rerunOptions: [String] {
        var words = arguments.text(.runner).map { ["--runner", $0] } ?? []
        for (name, key) in [("--timeout", OptionKey.timeout), ("--grace", .grace)] {
            guard let length = arguments.duration(key) else { continue }
            words += [name, DurationText.declared(milliseconds: length.value)]
        }
        return words
    }

    /// DESIGN: an error of stepvisor takes precedence over a failed step.
    private func exitCode(
        _ result: RunResult, _ record: RunRecord?, _ place: StartDirectory
    ) -> Int32 {
        if let problem = result.problem {
            let path = place.path(ofProjectFile: StateDirectory.runPath(result.runID))
            let words = ["stepvisor", "run"] + Project.words(naming: arguments) + ["--resume"]
            let resume = words.map { ShellWord.quoted($0) }.joined(separator: " ")
            return Console.report(
                CommandFailure(
                    .ownProblem, problem,
                    help: ProjectFiles.exists(path)
                        ? "what was run until then is in `\(path)`; `\(resume)` goes on"
                        : "its record was removed while it ran: run it again"))
        }
        if let signal = result.signal { ProcessSetup.die(by: signal) }
        return record?.exitCode ?? (result.status == .complete ? 0 : 1)
    }
}
