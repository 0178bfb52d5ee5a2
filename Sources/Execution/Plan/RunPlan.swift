import DependencyGraph
public import WorkflowModel

/// What a run will do, decided before it starts: a pure function of workflow, options and history.
///
/// Index `i` is `workflow.steps[i]` everywhere: in the plan, the scheduler and the record.
public struct RunPlan: Sendable {
    /// The workflow with its graph.
    public let resolved: ResolvedWorkflow
    /// Whether each step is to run; the others are skipped, and stand in nobody's way.
    public let selected: [Bool]
    /// Whether the limit came from `--parallel`.
    public let mode: ExecutionMode
    /// Most steps at once, at least 1.
    public internal(set) var limit: Int
    /// What the user should be told before the run, a line each.
    public internal(set) var notes: [String]
    /// What else the user should know, and what belongs on the run's record too.
    public internal(set) var warnings: [String]
    /// What steps share; ``claims(of:)`` counts from here.
    public let resources: [PlannedResource]
    /// The phase of each step within its task, from 1.
    ///
    /// With barriers, chains that go through other tasks count too, so that no phase needs a later one.
    public let phases: [Int32]
    /// Edges that only order, as dependency and dependent: a failure does not go along them.
    let orderOnly: Set<Int64>
    /// Milliseconds that each step is expected to take; nil when none has been measured.
    ///
    /// A step that was never measured has a guess here, which decides what starts first and is
    /// never shown: see ``measured(of:)``.
    public internal(set) var durations: [Int64]?
    /// Whether each step is to run and was measured before.
    var isMeasured: [Bool]

    /// Steps that ended well in an earlier run and are not to run again.
    public var doneEarlier: [Int: DoneEarlier]
    /// Steps that ended well in an earlier run, and stay done unless what they need runs: whether it
    /// does is known only in the run, as of a step with a condition.
    public let doneUnlessNeedsRun: [Int: DoneEarlier]
    /// The id of the run that this one goes on with.
    public let resumes: String?
    /// What need not run; nil where everything runs.
    public internal(set) var smart: SkipPlan?
    /// In which order steps start that could start at once.
    public let startOrder: StartOrderChoice

    /// Whether a phase begins only when the one before it in its task has ended.
    public let hasBarriers: Bool
    /// What the run does about failures.
    public let policy: FailurePolicy
    /// Whether a halt leaves the steps that run to their end.
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
    /// False where only expected durations are played through, which may exceed a limit.
    var appliesTimeouts = true

    /// What has done a step before this run, whether or not it stays done in any case.
    public func done(before step: Int) -> DoneEarlier? {
        doneEarlier[step] ?? doneUnlessNeedsRun[step]
    }

    /// The number of steps, those left out included.
    public var count: Int { selected.count }

    /// The number of steps that are to run.
    public var selectedCount: Int { selected.reduce(0) { $1 ? $0 + 1 : $0 } }

    /// What a step that is to run took before; nil when that was never measured.
    public func measured(of step: Int) -> Milliseconds? {
        guard isMeasured[step], let durations else { return nil }
        return Milliseconds(durations[step])
    }

    /// What starts a step: its own command, else `--runner`, else the runner of its file.
    public func command(of step: Int) -> Command? {
        resolved.workflow.steps[step].command ?? runner(of: step)
    }

    private func runner(of step: Int) -> Command? {
        runner ?? resolved.workflow.steps[step].runner ?? resolved.workflow.execution.runner
    }

    /// What starts a step by a method: a backup that is only described in words is for the runner.
    public func command(of step: Int, by method: StepMethod) -> Command? {
        guard case .backup(let number) = method else { return command(of: step) }
        let backups = resolved.workflow.steps[step].recovery.backups
        guard backups.indices.contains(number - 1) else { return nil }
        return backups[number - 1].command ?? runner(of: step)
    }

    /// The limit of an attempt: the step's own, else `--timeout`, else `[execution] timeout`; 0 is none.
    public func timeout(of step: Int) -> Milliseconds? {
        guard appliesTimeouts else { return nil }
        return limit(resolved.workflow.steps[step].timeout ?? defaultTimeout)
    }

    /// The limit without output: the step's own, else `[execution] idle_timeout`; 0 is none.
    public func idleTimeout(of step: Int) -> Milliseconds? {
        guard appliesTimeouts else { return nil }
        let execution = resolved.workflow.execution
        return limit(resolved.workflow.steps[step].idleTimeout ?? execution.idleTimeout)
    }

    /// The limit of the run.
    public var runLimit: Milliseconds? {
        appliesTimeouts ? limit(resolved.workflow.execution.runTimeout) : nil
    }

    /// The limit of a phase: one and a half times what is declared, and only with barriers.
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
        // Each field from where it lies: a step is dear to copy.
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

    /// Attempts that a step has at most: the first, its retries, and the backups that something can do.
    public func maxAttempts(of step: Int) -> Int {
        guard traits[step].contains(.recovers) else { return 1 }
        let recovery = resolved.workflow.steps[step].recovery
        let backups = recovery.backups.indices.count {
            command(of: step, by: .backup($0 + 1)) != nil
        }
        return backups + 1 + min(recovery.retries, Int(Int32.max))
    }
}

/// A step beside which another cannot run, since both write a file.
struct PlannedConflict: Hashable, Sendable {
    /// The other step.
    var step: Int32
    /// Index into the workflow's conflicts.
    var conflict: Int32
}

/// What the scheduler asks of a step at every turn, in two bytes.
struct StepTraits: OptionSet, Sendable {
    let rawValue: UInt16

    static let isCritical = StepTraits(rawValue: 1)
    static let allowsFailure = StepTraits(rawValue: 2)
    static let runsAlone = StepTraits(rawValue: 4)
    /// It claims something that has lock files.
    static let takesLocks = StepTraits(rawValue: 8)
    static let warnsOfLeftovers = StepTraits(rawValue: 16)
    static let failsOnLeftovers = StepTraits(rawValue: 32)
    /// It declares outputs, which must be there when it has ended well.
    static let declaresOutputs = StepTraits(rawValue: 64)
    /// It runs at the end, whatever happened.
    static let isFinalizer = StepTraits(rawValue: 128)
    /// Whether it runs is for its condition to say.
    static let hasCondition = StepTraits(rawValue: 256)
    /// Its log must hold a pattern when it has ended well.
    static let wantsPattern = StepTraits(rawValue: 512)
    /// A command must succeed after it.
    static let hasCheck = StepTraits(rawValue: 1024)
    /// It has retries or backups.
    static let recovers = StepTraits(rawValue: 2048)
    /// A failure of it may mean "busy".
    static let mayBeBusy = StepTraits(rawValue: 4096)
    /// A resource that it takes has a circuit breaker.
    static let isGuarded = StepTraits(rawValue: 8192)
    /// The end of an attempt may lead to more than the end of the step.
    static let sequels: StepTraits = [.recovers, .mayBeBusy, .isGuarded]
}
