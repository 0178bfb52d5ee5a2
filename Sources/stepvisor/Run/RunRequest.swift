import DependencyGraph
import Execution
import Platform
import Reporting
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

extension RunOptions {
    /// The options of a command line.
    init(_ arguments: ParsedArguments) {
        self.init()
        targets = arguments.operands.map { StepID($0) }
        only = arguments.steps(.only)
        from = arguments.steps(.from)
        until = arguments.steps(.until)
        skip = arguments.steps(.skip)
        parallel = arguments.has(.parallel)
        processors = ProcessEnvironment.processors
        jobs = arguments.jobs?.count(processors: processors)
        keepGoing = arguments.has(.keepGoing)
        barriers = arguments.has(.barriers)
        timeout = arguments.duration(.timeout)
        grace = arguments.duration(.grace)
        runner = arguments.text(.runner).map { .shell($0) }
        canAsk =
            StandardStream.isInputTerminal && StandardStream.error.isTerminal
            && !arguments.has(.json) && !arguments.has(.quiet)
        needsCommands = arguments.command == .run && !arguments.has(.dryRun)
        decisions = arguments.decisions
        usesCache = arguments.has(.cache)
        isForced = arguments.has(.force)
        if let revision = arguments.text(.since) {
            smart = .since(revision)
        } else if arguments.has(.smartExecution) || usesCache || arguments.has(.exitCode)
            || arguments.command == .why
        {
            smart = .remembered
        }
        // Two runs that fail at the same time should retry at different times.
        seed = arguments.number(.shuffle) ?? .random(in: 0...UInt64(UInt32.max))
        if arguments.has(.shuffle) { startOrder = .shuffled(seed: seed) }
    }

    /// Keeps the parallelism of the earlier run unless the command line sets it: nobody who types
    /// `--resume` wants steps that took minutes in parallel to take hours one by one.
    mutating func keepParallelism(of earlier: RunHeader) {
        guard !parallel, jobs == nil, earlier.mode == .parallel else { return }
        parallel = true
        jobs = max(1, earlier.maxParallelSteps)
    }

    /// Limits the number of steps at once to the available descriptors.
    ///
    /// - Returns: The notes about it.
    mutating func limitJobs(_ workflow: Workflow) -> [String] {
        let limit = ProcessEnvironment.maxConcurrentSteps
        if let jobs, jobs > limit {
            self.jobs = limit
            return ["`-j \(jobs)` is more than `ulimit -n` allows: using \(limit)"]
        }
        let asked = workflow.execution.maxParallelSteps ?? processors
        guard parallel, jobs == nil, asked > limit else { return [] }
        jobs = limit
        return ["\(asked) steps at once are more than `ulimit -n` allows: using \(limit)"]
    }

    /// Keeps the skipping of the earlier run unless the command line sets it.
    mutating func keepSmart(of earlier: RunHeader) {
        guard smart == .off else { return }
        smart = earlier.smart
        usesCache = earlier.usesCache
    }

    /// Keeps earlier decisions unless the command line changes them: a run asks about one failed
    /// step at a time.
    mutating func keepDecisions(of earlier: EarlierRun) {
        let decided = Set(decisions.map(\.step))
        decisions += earlier.standingDecisions.filter { !decided.contains($0.step) }
    }
}

/// A plan together with its request.
struct RunRequest {
    let project: Project
    let options: RunOptions
    let plan: RunPlan
    /// Lines to print before the run.
    let notes: [String]
    /// What is taken over from an earlier run.
    let resume: ResumePlan?
    /// The state of the steps, for a run that skips.
    private(set) var freshness: UpToDateChecker?
    /// Durations of steps in earlier runs.
    let history: [StepID: Milliseconds]

    /// Plans a command line.
    ///
    /// - Parameters:
    ///   - project: The workflow.
    ///   - arguments: The command line.
    ///   - earlier: The run that `--resume` or `--failed` resumes.
    ///   - replay: The order that `--replay` repeats.
    /// - Throws: ``CommandFailure`` with exit 2 when it cannot run.
    init(
        _ project: Project, _ arguments: ParsedArguments, resuming earlier: EarlierRun? = nil,
        replaying replay: ReplayOrder? = nil
    ) throws {
        self.project = project.withoutText
        var options = RunOptions(arguments)
        var notes: [String] = []
        if let replay { options.startOrder = .replay(run: replay.run, steps: replay.started) }
        if let earlier {
            try DecisionCheck(earlier, project.resolved).check(options.decisions)
            if !arguments.has(.failed) { options.keepDecisions(of: earlier) }
        }
        if let earlier, replay == nil {
            options.keepParallelism(of: earlier.header)
            options.keepSmart(of: earlier.header)
        }
        notes += options.limitJobs(project.workflow)
        self.options = options
        let since = try SinceRequest(project, arguments, options)
        do throws(PlanError) {
            var plan: RunPlan
            var resume: ResumePlan?
            var whole = try RunPlan.make(resolved: project.resolved, options: options)
            history = DurationStore.read(
                for: whole, of: project.loaded.workflowFile ?? "", root: project.root)
            whole.expect(history)
            if let earlier {
                let taken = ResumePlan.make(
                    earlier, plan: whole, options: options, isFailedOnly: arguments.has(.failed),
                    project: project)
                // "Nothing failed" has a message of its own.
                guard arguments.has(.failed) || taken.selected.contains(true) else {
                    throw PlanError.nothingSelected
                }
                plan = try RunPlan.make(
                    resolved: project.resolved, options: options, history: history,
                    resuming: taken)
                resume = taken
            } else {
                plan = whole
            }
            if options.smart != .off {
                let smart = SkipPlanner(project, arguments, options, since)
                freshness = try smart.adopt(into: &plan, &resume, history: history)
            }
            if let resume {
                notes += ResumeText(resume, plan).lines
                notes += RunRequest.decisionNotes(options, arguments.decisions)
            }
            self.resume = resume
            self.plan = plan
        } catch {
            throw PlanFailure.failure(error, arguments, project)
        }
        self.notes =
            plan.notes + notes + RunRequest.orderNotes(options, replay)
            + RunRequest.smartNotes(options, arguments)
    }

    /// What the cache would do for steps, determined now without changing anything.
    ///
    /// - Parameter steps: The indices to look up; nil for all.
    /// - Returns: By step; empty without `--cache`.
    func outlooks(of steps: [Int]?) -> [Int: CachePrediction] {
        guard let freshness, plan.smart?.usesCache == true else { return [:] }
        var preview = CachePreview(
            plan: plan, look: freshness, root: project.root,
            environment: ProcessEnvironment.environment)
        var outlooks: [Int: CachePrediction] = [:]
        for step in steps ?? Array(plan.selected.indices) {
            outlooks[step] = preview.outlook(of: step)
        }
        return outlooks
    }

    /// Options that have no effect.
    private static func smartNotes(
        _ options: RunOptions, _ arguments: ParsedArguments
    ) -> [String] {
        guard options.isForced else { return [] }
        if options.smart == .off {
            return ["`--force` has no effect: without `--smart-execution` every step runs anyway"]
        }
        guard arguments.has(.since) else { return [] }
        return ["`--since` has no effect beside `--force`: every step runs"]
    }

    /// Earlier decisions that still apply.
    private static func decisionNotes(
        _ options: RunOptions, _ asked: [StepDecision]
    ) -> [String] {
        options.decisions.filter { !asked.contains($0) }.map { kept in
            let id = Sanitizer.line(kept.step.rawValue)
            return "  `\(id)`: \(kept.decision.word), as decided before;"
                + " `--decide \(ShellWord.quoted(id))=retry` runs it"
        }
    }

    /// The start order, when it is not the default.
    private static func orderNotes(_ options: RunOptions, _ replay: ReplayOrder?) -> [String] {
        if case .shuffled(let seed) = options.startOrder {
            return ["shuffled by seed \(seed): `--shuffle=\(seed)` gives the same order"]
        }
        guard let replay else { return [] }
        let run = Sanitizer.line(replay.run)
        var notes = [
            "replaying run \(run): \(Wording.count(replay.started.count, "step")), one at a time, "
                + "in the order in which they started"
        ]
        if !replay.neverStarted.isEmpty {
            let names = replay.neverStarted.map { "`\(Sanitizer.line($0.rawValue))`" }
            notes.append(
                "left out, for they never started there: " + Wording.list(names, atMost: 12))
        }
        return notes
    }
}

/// Messages for a plan that cannot be made.
enum PlanFailure {
    /// The failure for the user, with the places in files if there are any.
    static func failure(
        _ error: PlanError, _ arguments: ParsedArguments, _ project: Project
    ) -> CommandFailure {
        if case .unknownSteps(let unknown) = error, arguments.isCommandImplied,
            let first = unknown.first, first.option == nil,
            first.id.rawValue == arguments.operands.first, first.suggestions.isEmpty,
            let command = CommandName.nearest(to: first.id.rawValue)
        {
            return CommandFailure(
                .usage, "no command and no step `\(first.id)`", help: "did you mean `\(command)`?")
        }
        return CommandFailure(.usage, error.diagnostics, files: project.loaded.files)
    }
}

extension CommandName {
    /// The command that a word was most likely meant to be.
    static func nearest(to word: String) -> String? {
        NearMiss.best(for: word, among: CommandDeclaration.working.map(\.name.rawValue))
    }
}

extension SkipReport {
    /// The skip report of a request; nil when it skips nothing.
    ///
    /// - Parameters:
    ///   - request: The planned request.
    ///   - steps: The steps that are looked up in the cache; nil for all.
    init?(_ request: RunRequest, asking steps: [Int]? = nil) {
        var checker = request.freshness
        self.init(request.plan, outlooks: request.outlooks(of: steps)) {
            checker?.isHeldBack($0) ?? false
        }
    }
}
