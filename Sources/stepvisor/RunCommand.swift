import Execution
import Reporting
import Supervisor
import Synchronization
import WorkflowModel

/// `stepvisor run`: load, plan, take the project, supervise, exit code.
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
        let request = try RunRequest(project, arguments)
        for note in request.notes { console.note(note) }
        let unhonoured = project.workflow.notYetHonoured.map(\.line)
        if arguments.has(.dryRun) {
            for line in unhonoured { console.note(line) }
            let preview = DryRun(request, console: console)
            try console.out(console.wantsJSON ? preview.json : preview.text)
            return 0
        }
        return try supervise(request, warnings: unhonoured)
    }

    /// A word that is no command, where there is no workflow that could have it as a step.
    private func explainUnknownWord() throws {
        guard arguments.isCommandImplied, let word = arguments.operands.first,
            let command = CommandName.nearest(to: word)
        else { return }
        throw CommandFailure(
            .usage, "no command `\(word)`, and no workflow that could have such a step",
            help: "did you mean `\(command)`?")
    }

    private func supervise(_ request: RunRequest, warnings: [String]) throws -> Int32 {
        let environment = Host.environment
        ProcessSetup.closeInherited(keepSockets: environment["STEPVISOR_RUN_ID"] != nil)
        let state = try StateDirectory(root: request.project.root, create: true)
        let lock = try ProjectGate(console).take(state, waits: arguments.has(.wait))
        defer { withExtendedLifetime(lock) {} }
        let final = FinalRecord()
        let view = RecordingView(base: makeView(request), final: final)
        let context = RunContext(
            plan: request.plan, state: state, environment: environment, view: view,
            viewDescriptor: console.wantsJSON
                ? StandardStream.output.rawValue : StandardStream.error.rawValue,
            isTerminal: !console.wantsJSON && console.isErrorLive, warnings: warnings)
        let result = try Supervisor(context).run()
        if let record = final.record {
            // Only a help for the next plan: a run that went well does not fail for it.
            try? DurationStore.add(record, to: state)
        }
        return exitCode(result, final.record)
    }

    private func makeView(_ request: RunRequest) -> any RunView {
        if console.wantsJSON { return JSONView() }
        let output =
            arguments.text(.output).flatMap { OutputMode(rawValue: $0) }
            ?? (console.verbosity == .quiet ? .none : .failures)
        let words = Project.words(naming: arguments)
        if console.isErrorLive, output != .none {
            return LiveView(output: output, style: console.errorStyle, options: words)
        }
        return PlainView(output: output, style: console.errorStyle, options: words)
    }

    /// DESIGN: what stepvisor could not do comes before what a step could not.
    private func exitCode(_ result: RunResult, _ record: RunRecord?) -> Int32 {
        if let problem = result.problem {
            return Console.report(
                CommandFailure(
                    .ownTrouble, problem,
                    help: "what was run until then is in `\(StateDirectory.runPath(result.runID))`"))
        }
        if let signal = result.signal { ProcessSetup.die(by: signal) }
        return record?.exitCode ?? (result.status == .complete ? 0 : 1)
    }
}

/// Takes the project for a run, or says who has it.
struct ProjectGate {
    private let console: Console

    init(_ console: Console) { self.console = console }

    /// Takes the project's lock.
    ///
    /// - Throws: ``CommandFailure`` with exit 4 when another run has it and this one is not to wait.
    func take(_ state: StateDirectory, waits: Bool) throws -> ProjectLock {
        var hasSaid = false
        while true {
            let since = Timestamp.text(RunClock.wallTime())
            switch try ProjectLock.tryAcquire(state, since: since) {
            case .success(let lock): return lock
            case .failure(let busy):
                let who = describe(busy.holder)
                guard waits else {
                    throw CommandFailure(
                        .busy, "another run holds this project: \(who)",
                        help: "wait for it with `--wait`, or look at it with `stepvisor status`")
                }
                if !hasSaid { console.note("waiting for another run of this project: \(who)") }
                hasSaid = true
                Host.pause(milliseconds: 50)
            }
        }
    }

    private func describe(_ holder: LockHolder) -> String {
        guard let pid = holder.pid else { return "it has just begun" }
        return "pid \(pid)" + (holder.since.map { ", since \($0)" } ?? "")
    }
}

/// The record that a run ended with; written once by the writer thread, read after it.
final class FinalRecord: Sendable {
    private let value = Mutex<RunRecord?>(nil)

    var record: RunRecord? { value.withLock { $0 } }

    func keep(_ record: RunRecord) { value.withLock { $0 = record } }
}

/// A view that keeps the last record for those who want it after the run.
struct RecordingView: RunView {
    var base: any RunView
    let final: FinalRecord

    var frameInterval: Int64? { base.frameInterval }

    mutating func handle(_ event: RunEvent, record: RunRecord) -> String {
        base.handle(event, record: record)
    }

    mutating func frame(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        base.frame(at: now, record: record, surroundings: surroundings)
    }

    mutating func finish(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        final.keep(record)
        return base.finish(at: now, record: record, surroundings: surroundings)
    }
}
