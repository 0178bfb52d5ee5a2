import DependencyGraph
import Execution
import Platform
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

/// `--resume` and `--failed`: the earlier run that is resumed.
struct Resumption {
    /// What can be resumed.
    enum Base {
        case run(EarlierRun)
        /// Nothing, with the reason as a clause.
        case nothing(String)
    }

    private let arguments: ParsedArguments
    private let console: Console
    private let loaded: LoadedWorkflow

    /// Nil when the command line has neither option.
    init?(_ arguments: ParsedArguments, _ console: Console, _ loaded: LoadedWorkflow) {
        guard arguments.has(.resume) || arguments.has(.failed) else { return nil }
        self.arguments = arguments
        self.console = console
        self.loaded = loaded
    }

    /// Whether only failed steps are to run (`--failed`).
    var isFailedOnly: Bool { arguments.has(.failed) }

    /// Locks the project before an earlier run is read, so that it cannot change any more.
    ///
    /// - Parameters:
    ///   - waits: Whether to wait for another run.
    ///   - isDry: Whether nothing may be written.
    /// - Returns: The lock; nil when nothing may be written, or there is no state yet.
    /// - Throws: ``CommandFailure`` with exit 4 when another run has it.
    func lock(waits: Bool, isDry: Bool) throws -> ProjectLock? {
        guard !isDry,
            let state = try? StateDirectory(root: loaded.projectRoot, create: false)
        else { return nil }
        // An unknown run is an error, even if another process has the lock.
        if let text = arguments.text(.resume) {
            _ = try identifier(text, RunSearch(of: loaded, console))
        }
        return try ProjectGate(console).take(state, waits: waits, resumes: true)
    }

    /// Finds the named run, or the latest.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when there is no such run, 4 when it is still
    ///   running, 5 when it cannot be read.
    func base() throws -> Base {
        let search: RunSearch
        do {
            search = try RunSearch(of: loaded, console)
        } catch let failure as CommandFailure {
            guard failure.code == .usage, arguments.text(.resume) == nil, !isFailedOnly else {
                throw failure
            }
            return .nothing("no run is recorded here")
        }
        let named = try arguments.text(.resume).map { try identifier($0, search) }
        if let named { try search.checkIsOwn(named, command: "--resume") }
        let state = search.state
        guard let journal = try journal(of: named, search) else {
            // The failure names the runs that exist.
            if isFailedOnly { throw search.absenceFailure }
            return .nothing(search.absence)
        }
        let earlier = try firstThatLaunched(EarlierRun(journal), in: state)
        let id = earlier.header.runID
        if isFailedOnly { return .run(earlier) }
        if named == nil, earlier.end == .complete { return .nothing("run \(id) is complete") }
        // A run that ended has recorded everything that it took over, launched or not.
        if !earlier.hasLaunched, earlier.end == nil {
            return .nothing("run \(id) had not started a step")
        }
        return .run(earlier)
    }

    private func identifier(_ text: String, _ search: RunSearch) throws -> String {
        do {
            return try search.identifier(text)
        } catch let failure as CommandFailure where arguments.operands.isEmpty {
            // `--resume build`: the word is probably meant as a step.
            guard StepID.isValid(text),
                (try? Project.read(arguments))?.resolved?.graph
                    .index(of: StepID(text)) != nil
            else { throw failure }
            throw CommandFailure(
                .usage, "there is no run `\(text)`, but a step of that name",
                help: "put the step first: `stepvisor run \(text) --resume`")
        }
    }

    /// The run itself, or, if it launched no step, the run that it resumed.
    ///
    /// Until its first launch a run has changed nothing, and may not have recorded everything that
    /// it took over.
    private func firstThatLaunched(
        _ run: EarlierRun, in state: StateDirectory
    ) throws -> EarlierRun {
        var run = run
        var seen: Set<String> = []
        while !run.hasLaunched, run.end == nil, let before = run.header.resumes,
            seen.insert(before).inserted, state.hasRun(before),
            let journal = try load(before, in: state)
        {
            run = EarlierRun(journal)
        }
        return run
    }

    /// The journal of the named run, or of the latest run with a journal; nil when there is none.
    private func journal(of named: String?, _ search: RunSearch) throws -> Journal? {
        if let named {
            if let journal = try load(named, in: search.state) { return journal }
            throw CommandFailure(
                .usage, "run \(named) ended before it began: there is nothing to resume",
                help: "`stepvisor run --resume` resumes the latest run")
        }
        // A run that was killed before its first line never began: use the one before it.
        let passOver = { (id: String) in
            console.note("run \(id) ended before it began; going on with the one before it")
        }
        for id in search.runs(whenNotBegun: passOver) {
            if let journal = try load(id, in: search.state) { return journal }
            passOver(id)
        }
        return nil
    }

    /// The journal of a run; nil when it has no complete line.
    private func load(_ id: String, in state: StateDirectory) throws -> Journal? {
        let journal: Journal
        do {
            let run = try StoredRun(id, in: state)
            journal = try JournalReader.read(try run.journal(), stepList: run.stepList)
        } catch JournalError.empty {
            return nil
        } catch let error as SystemError where error.isAbsence {
            return nil
        } catch let error as JournalError {
            throw CommandFailure(
                .ownProblem, "run \(id) cannot be resumed: \(error.message)",
                help: "`stepvisor run` starts a new one; `--resume RUN` resumes another run")
        }
        let hasEnded = journal.events.contains { event in
            if case .runEnded = event.kind { true } else { false }
        }
        if !hasEnded, StoredRun.isAlive(journal.header) {
            throw CommandFailure(
                .busy, "run \(id) still goes on (pid \(journal.header.pid))",
                help: "look at it with `stepvisor status`, or wait for its end with `--wait`")
        }
        for problem in journal.problems {
            console.note("warning: journal of run \(id): \(problem.message)")
        }
        return journal
    }
}

extension ResumePlan {
    /// Plans what a command line resumes: the steps that it names, else those of the earlier run.
    ///
    /// - Parameters:
    ///   - earlier: The run to resume.
    ///   - plan: What would run without it.
    ///   - options: The options of the command line.
    ///   - isFailedOnly: Whether only failed steps are to run.
    ///   - project: The workflow.
    /// - Returns: What is taken over, and what runs.
    static func make(
        _ earlier: EarlierRun, plan: RunPlan, options: RunOptions, isFailedOnly: Bool,
        project: Project
    ) -> ResumePlan {
        let graph = plan.resolved.graph
        let selected =
            options.narrowsSteps ? plan.selected : selection(of: earlier, graph: graph)
        let finalizers = plan.resolved.workflow.finalizers
        let isLookedAt = options.smart != .off && !options.isForced
        var left = LeftOutputs(plan: plan, root: project.root)
        if isFailedOnly {
            return .failed(
                earlier, graph: graph, selected: selected, finalizers: finalizers
            ) { left.causes(of: $0, doneIn: $1.run) }
        }
        var bases = StepBases(
            plan: plan, root: project.root, environment: ProcessEnvironment.environment)
        let decided = plan.policy.decisions.filter { [.skip, .proceed].contains($0.value) }
        return .resume(
            earlier, graph: graph, selected: selected, finalizers: finalizers,
            decided: Set(decided.keys), isLookedAt: isLookedAt,
            // The check of each step's state checks its outputs too.
            outputs: { isLookedAt ? [] : left.causes(of: $0, doneIn: $1.run) },
            basis: { bases.basis(of: $0) })
    }
}
