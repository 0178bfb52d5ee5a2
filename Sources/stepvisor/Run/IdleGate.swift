import Execution
import Reporting
import Supervisor
import WorkflowFiles
import WorkflowModel

/// The short way through `run --smart-execution` where nothing has changed since a run in which
/// every step was up to date.
///
/// What decides beside files is in one key: program, command line, directory, environment, user. Where
/// a run says or needs more than that, nothing is kept, and there is no short way.
struct IdleGate {
    private let console: Console
    private let waits: Bool
    private let options: [String]
    /// The workflow file, absolute and without links.
    private let file: String
    private let root: String
    private let key: Digest
    /// Before anything was read.
    private let begin = RunClock.wallTime()

    /// Options under which a run may take it.
    private static let allowed: Set<OptionKey> = [
        .smartExecution, .parallel, .jobs, .file, .directory, .quiet, .wait,
    ]
    /// What changes from start to start, and decides nothing but where a step names it.
    private static let passing: Set<String> = ["_", "OLDPWD", "SHLVL"]

    init?(_ arguments: ParsedArguments, _ console: Console) {
        guard arguments.has(.smartExecution), arguments.keys.isSubset(of: Self.allowed),
            !console.wantsJSON, console.verbosity < .verbose,
            let directory = ProcessEnvironment.workingDirectory,
            let place = WorkflowLoader.place(path: arguments.text(.file), from: directory)
        else { return nil }
        self.console = console
        waits = arguments.has(.wait)
        options = Project.words(naming: arguments)
        (file, root) = place
        guard let key = Self.key(of: file, directory, console) else { return nil }
        self.key = key
    }

    /// The digest of all that decides beside the files that steps read and write.
    private static func key(
        of file: String, _ directory: String, _ console: Console
    ) -> Digest? {
        guard let program = ProcessEnvironment.ownProgram, let content = try? FileInput.read(file)
        else {
            return nil
        }
        var hash = SHA256()
        for text in [
            Program.version, program, directory, file, ProcessEnvironment.identity(of: program),
        ] {
            hash.update(framed: text)
        }
        for word in CommandLine.arguments.dropFirst() { hash.update(framed: word) }
        for (name, value) in ProcessEnvironment.environment.sorted(by: { $0.key < $1.key })
        where !passing.contains(name) {
            hash.update(framed: name)
            hash.update(framed: value)
        }
        for number in [
            ProcessEnvironment.user, ProcessEnvironment.processors,
            ProcessEnvironment.maxConcurrentSteps,
        ] {
            hash.update(framed: String(number))
        }
        // What is printed depends on where it goes.
        hash.update(framed: "\(console.isErrorLive) \(console.errorStyle.isOn)")
        hash.update(framed: "workflow")
        hash.update(content)
        return Digest(hash)
    }

    /// How far the short way led.
    enum Outcome {
        case done(Int32)
        /// Something has changed: what was taken and found on the way.
        case changed(IdleRun, ProjectLock)
    }

    /// Carries the run out, where nothing has changed; nil where there is no short way at all.
    func run() throws -> Outcome? {
        guard let idle = IdleRun(root: root, key: key), isTrusted else { return nil }
        let clock = RunClock()
        let state = try StateDirectory(root: root, create: false)
        let lock = try ProjectGate(console).take(state, waits: waits)
        guard idle.holds(processors: ProcessEnvironment.processors) else {
            return .changed(idle, lock)
        }
        defer { lock.release() }
        let summary = try idle.record(clock: clock)
        if !summary.isEmpty { try? StandardStream.error.write(summary) }
        return .done(0)
    }

    /// Others could have written it: there is something to say.
    private var isTrusted: Bool { ProjectTrust.doubts(about: [file]).isEmpty }

    // MARK: Keeping

    /// Keeps a run for the next one, where nothing of it was more than this gate knows of.
    func keep(_ record: RunRecord, of project: Project, in state: StateDirectory) {
        let workflow = project.workflow
        guard isTrusted, workflow.includes.isEmpty, workflow.resources.isEmpty,
            workflow.execution.secrets.isEmpty, project.loaded.diagnostics.isEmpty,
            // What is not in the key must decide nothing.
            !workflow.steps.contains(where: {
                $0.hasGating && !Self.passing.isDisjoint(with: $0.gating.environmentInputs)
            }),
            project.root == root
        else { return }
        IdleRun.keep(
            record, of: workflow, named: project.loaded.workflowFile ?? "", file: file,
            summary: summary,
            key: key, since: begin, in: state)
    }

    /// What such a run prints; on a terminal, what is left there of what moves is the same.
    private func summary(_ record: RunRecord) -> String {
        let nothing = ViewSurroundings(
            terminalSize: nil, logTail: { _, _ in [] }, logBytes: { _, _, _ in [] },
            logPath: { _ in "" })
        var view: any RunView =
            console.verbosity == .quiet
            ? QuietView(options: options, style: console.errorStyle)
            : PlainView(output: .failures, style: console.errorStyle, options: options)
        var text = view.handle(RunEvent(.runStarted(record.header), at: .zero), record: record)
        for (index, step) in record.steps.enumerated() {
            guard let reason = step.reason else { continue }
            text += view.handle(RunEvent(.skipped(step: index, reason), at: .zero), record: record)
        }
        return text + view.finish(at: .zero, record: record, surroundings: nothing)
    }
}
