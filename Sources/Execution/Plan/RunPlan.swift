import DependencyGraph
public import WorkflowModel

/// What a run will do, decided before it starts: a pure function of workflow, options and history.
///
/// Index `i` means `workflow.steps[i]` everywhere: in the plan, the scheduler and the record.
public struct RunPlan: Sendable {
    /// The workflow with its graph.
    public let resolved: ResolvedWorkflow
    /// Whether each step is selected; the others are skipped and hold nothing back.
    public let selected: [Bool]
    /// Whether the limit came from `--parallel`.
    public let mode: ExecutionMode
    /// The largest number of steps at once, at least 1.
    public internal(set) var limit: Int
    /// Notes for the user before the run, one line each.
    public internal(set) var notes: [String]
    /// Further notes, which are recorded in the run as well.
    public internal(set) var warnings: [String]
    /// The shared resources; ``claims(of:)`` uses these indices.
    public let resources: [PlannedResource]
    /// The phase of each step within its task, from 1.
    ///
    /// With barriers, chains through other tasks count too, so that no phase needs a later one.
    public let phases: [Int32]
    /// Edges that only order, as dependency and dependent: a failure does not propagate along them.
    let orderOnly: Set<Int64>
    /// Milliseconds that each step is expected to take; nil when none has been measured.
    ///
    /// For a step that was never measured this holds a guess, which decides the start order and is
    /// never shown: see ``measured(of:)``.
    public internal(set) var durations: [Int64]?
    /// Whether each step is selected and was measured before.
    var isMeasured: [Bool]

    /// Steps that succeeded in an earlier run and do not run again.
    public var doneEarlier: [Int: DoneEarlier]
    /// Steps that succeeded in an earlier run and stay done unless a dependency runs, which is
    /// known only during the run, as for a step with a condition.
    public let doneUnlessNeedsRun: [Int: DoneEarlier]
    /// The id of the run that this one resumes.
    public let resumes: String?
    /// The steps that need not run; nil when everything runs.
    public internal(set) var smart: SkipPlan?
    /// The order of steps that could start at the same time.
    public let startOrder: StartOrderChoice

    /// Whether a phase begins only after the previous one in its task has ended.
    public let hasBarriers: Bool
    /// How the run handles failures.
    public let policy: FailurePolicy
    /// Whether a halt lets running steps finish.
    let isOptimistic: Bool
    /// Parallel groups with settings of their own.
    let groups: PlannedGroups
    let traits: [StepTraits]
    let claims: RaggedArray<ResourceClaim>
    let conflicts: RaggedArray<PlannedConflict>
    var order: StartOrder
    let defaultTimeout: Milliseconds?
    let defaultGrace: Milliseconds
    /// `--runner`.
    let runner: Command?
    /// False for a simulation of expected durations, which may exceed a limit.
    var appliesTimeouts = true

    /// The earlier run that did a step, whether unconditionally or unless a dependency runs.
    public func done(before step: Int) -> DoneEarlier? {
        doneEarlier[step] ?? doneUnlessNeedsRun[step]
    }

    /// The number of steps, including unselected ones.
    public var count: Int { selected.count }

    /// The number of selected steps.
    public var selectedCount: Int { selected.reduce(0) { $1 ? $0 + 1 : $0 } }

    /// What a selected step took before; nil when it was never measured.
    public func measured(of step: Int) -> Milliseconds? {
        guard isMeasured[step], let durations else { return nil }
        return Milliseconds(durations[step])
    }

    /// The command of a step: its own, else `--runner`, else the runner of its file.
    public func command(of step: Int) -> Command? {
        resolved.workflow.steps[step].command ?? runner(of: step)
    }

    private func runner(of step: Int) -> Command? {
        runner ?? resolved.workflow.steps[step].runner ?? resolved.workflow.execution.runner
    }

    /// The command of a step for a method; the runner gets a backup that is only described in
    /// words.
    public func command(of step: Int, by method: StepMethod) -> Command? {
        guard case .backup(let number) = method else { return command(of: step) }
        let backups = resolved.workflow.steps[step].recovery.backups
        guard backups.indices.contains(number - 1) else { return nil }
        return backups[number - 1].command ?? runner(of: step)
    }

    /// The time limit of an attempt: the step's own, else `--timeout`, else `[execution] timeout`;
    /// 0 means none.
    public func timeout(of step: Int) -> Milliseconds? {
        guard appliesTimeouts else { return nil }
        return limit(resolved.workflow.steps[step].timeout ?? defaultTimeout)
    }

    /// The limit without output: the step's own, else `[execution] idle_timeout`; 0 means none.
    public func idleTimeout(of step: Int) -> Milliseconds? {
        guard appliesTimeouts else { return nil }
        let execution = resolved.workflow.execution
        return limit(resolved.workflow.steps[step].idleTimeout ?? execution.idleTimeout)
    }

    /// The limit of the run.
    public var runLimit: Milliseconds? {
        appliesTimeouts ? limit(resolved.workflow.execution.runTimeout) : nil
    }

    /// The limit of a phase: 1.5 times the declared one, and only with barriers.
    public var phaseLimit: Milliseconds? {
        guard appliesTimeouts, hasBarriers,
            let declared = limit(resolved.workflow.execution.phaseTimeout)
        else { return nil }
        return Milliseconds(saturatingSum(declared.value, declared.value / 2))
    }

    private func limit(_ declared: Milliseconds?) -> Milliseconds? {
        declared.flatMap { $0.value > 0 ? $0 : nil }
    }

    /// Time from TERM to KILL: the step's own, else `--grace`, else `[execution] grace`, else 10 s.
    public func grace(of step: Int) -> Milliseconds {
        max(Milliseconds(0), resolved.workflow.steps[step].grace ?? defaultGrace)
    }

    /// The units that a step holds while it runs.
    public func claims(of step: Int) -> ArraySlice<ResourceClaim> {
        claims[step]
    }

    /// The first line of the journal.
    public func header(
        runID: String, startedAt: WallTime, pid: Int32, bootID: String
    ) -> RunHeader {
        let workflow = resolved.workflow
        var header = RunHeader(
            runID: runID, workflow: workflow.name, mode: mode, maxParallelSteps: limit,
            startedAt: startedAt, pid: pid, bootID: bootID,
            tasks: workflow.tasks.map { TaskHeader(id: $0.id, description: $0.description) },
            steps: workflow.steps.indices.map { stepHeader($0) }, resumes: resumes)
        switch startOrder {
        case .byPath: break
        case .shuffled(let seed): header.seed = seed
        case .replay(let run, _): header.replays = run
        }
        if let smart {
            header.smart = smart.choice
            header.usesCache = smart.usesCache
        }
        for step in wouldBeParallel { header.steps[step].wouldBeParallel = true }
        for (step, done) in doneUnlessNeedsRun { header.steps[step].doneUnlessNeedsRun = done }
        return header
    }

    private func stepHeader(_ index: Int) -> StepHeader {
        // Read each field in place: a step is expensive to copy.
        let steps = resolved.workflow.steps
        var header = StepHeader(
            id: steps[index].id.rawValue, description: steps[index].description,
            task: steps[index].task,
            phase: Int(phases[index]), parallelGroup: steps[index].parallelGroup,
            dependencies: resolved.graph.dependencies(of: index).map {
                Int32(truncatingIfNeeded: $0)
            },
            outputs: steps[index].outputFiles.map(\.text), runsAlone: !steps[index].isParallelSafe)
        header.isFinalizer = traits[index].contains(.isFinalizer)
        header.maxAttempts = Int32(clamping: maxAttempts(of: index))
        return header
    }

    /// The largest number of attempts of a step: the first, its retries, and the backups with a
    /// command.
    public func maxAttempts(of step: Int) -> Int {
        guard traits[step].contains(.recovers) else { return 1 }
        let recovery = resolved.workflow.steps[step].recovery
        let backups = recovery.backups.indices.count {
            command(of: step, by: .backup($0 + 1)) != nil
        }
        return backups + 1 + min(recovery.retries, Int(Int32.max))
    }
}

/// A step that another cannot run in parallel with, since both write a file.
struct PlannedConflict: Hashable, Sendable {
    /// The other step.
    var step: Int32
    /// Index into the workflow's conflicts.
    var conflict: Int32
}

/// What the scheduler checks of a step on every input, in two bytes.
struct StepTraits: OptionSet, Sendable {
    let rawValue: UInt16

    static let isCritical = StepTraits(rawValue: 1)
    static let allowsFailure = StepTraits(rawValue: 2)
    static let runsAlone = StepTraits(rawValue: 4)
    /// It claims a resource with lock files.
    static let takesLocks = StepTraits(rawValue: 8)
    static let warnsOfLeftovers = StepTraits(rawValue: 16)
    static let failsOnLeftovers = StepTraits(rawValue: 32)
    /// It declares outputs, which must exist after success.
    static let declaresOutputs = StepTraits(rawValue: 64)
    /// It runs at the end, whatever happened.
    static let isFinalizer = StepTraits(rawValue: 128)
    /// Its condition decides whether it runs.
    static let hasCondition = StepTraits(rawValue: 256)
    /// Its log must contain a pattern after success.
    static let wantsPattern = StepTraits(rawValue: 512)
    /// A command must succeed after it.
    static let hasCheck = StepTraits(rawValue: 1024)
    /// It has retries or backups.
    static let recovers = StepTraits(rawValue: 2048)
    /// A failure of it may mean "busy".
    static let mayBeBusy = StepTraits(rawValue: 4096)
    /// A resource that it takes has a circuit breaker.
    static let isGuarded = StepTraits(rawValue: 8192)
    /// The end of an attempt may have other consequences than the end of the step.
    static let sequels: StepTraits = [.recovers, .mayBeBusy, .isGuarded]
}
