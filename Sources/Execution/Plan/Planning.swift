import DependencyGraph
public import WorkflowModel

extension RunPlan {
    /// Plans a run.
    ///
    /// - Parameters:
    ///   - resolved: A valid workflow.
    ///   - options: The options of the command line.
    ///   - history: How long steps took before; may be empty.
    ///   - resuming: What is taken over from an earlier run; it also decides which steps are
    ///     selected.
    /// - Returns: The plan, in O(V + E + V log V).
    /// - Throws: ``PlanError`` when the command line names something that does not exist, or a step
    ///   has no command.
    public static func make(
        resolved: ResolvedWorkflow, options: RunOptions, history: [StepID: Milliseconds] = [:],
        resuming: ResumePlan? = nil
    ) throws(PlanError) -> RunPlan {
        let selected: [Bool]
        if let resuming {
            selected = resuming.selected
        } else if case .replay(let run, let steps) = options.startOrder {
            selected = try ReplayOrder.selection(of: steps, run: run, graph: resolved.graph)
        } else {
            selected = try Selection.make(of: resolved, options: options)
        }
        var plan = RunPlan(
            resolved, options, selected: selected, resuming: resuming, history: history)
        try ReplayOrder.check(plan)
        let missing = plan.selected.indices.filter {
            plan.selected[$0] && plan.doneEarlier[$0] == nil && plan.command(of: $0) == nil
        }
        guard !missing.isEmpty else { return plan }
        guard options.needsCommands else {
            plan.notes.append(MissingCommands(missing, of: resolved.workflow).note.message)
            return plan
        }
        throw .noCommand(
            missing.map { index in
                let step = resolved.workflow.steps[index]
                return .init(id: step.id, range: step.range)
            })
    }

    private init(
        _ resolved: ResolvedWorkflow, _ options: RunOptions, selected: [Bool],
        resuming: ResumePlan?, history: [StepID: Milliseconds]
    ) {
        let done = resuming?.done ?? [:]
        let workflow = resolved.workflow
        let execution = workflow.execution
        let concurrency = Concurrency(options, execution)
        let table = ResourceTable(of: workflow)
        // Finished steps take no time.
        let runs =
            done.isEmpty ? selected : selected.indices.map { selected[$0] && done[$0] == nil }
        let durations = ExpectedDurations.make(
            nodes: resolved.graph.nodes, selected: runs, history: history)
        self.resolved = resolved
        self.selected = selected
        orderOnly = Self.orderOnly(in: resolved)
        doneEarlier = done
        doneUnlessNeedsRun = resuming?.doneUnlessNeedsRun.mapValues(\.done) ?? [:]
        resumes = resuming?.run
        startOrder = options.startOrder
        self.durations = durations
        isMeasured = zip(runs, resolved.graph.nodes).map { $0 && history[$1] != nil }
        mode = concurrency.mode
        limit = concurrency.limit
        hasBarriers = options.barriers || execution.barriers
        notes = hasBarriers ? [] : workflow.withoutEffect
        warnings = concurrency.warnings
        groups = PlannedGroups(of: workflow)
        resources = table.resources
        claims = table.claims
        phases = Self.withFinalizersLast(
            hasBarriers ? Self.barrierPhases(of: resolved) : Self.phases(of: resolved),
            workflow)
        let policy = FailurePolicy(
            execution, options, resources: table.resources, declared: workflow.resources,
            index: { resolved.graph.index(of: $0) })
        self.policy = policy
        isOptimistic = execution.failureStrategy == .optimistic
        // Read through the buffer, since a step is expensive to copy.
        traits = workflow.steps.withUnsafeBufferPointer { steps in
            steps.indices.map { step in
                let claims = table.claims[step]
                return Self.traits(
                    of: steps[step],
                    takesLocks: claims.contains { table.resources[Int($0.resource)].isLockable }
                ).union(policy.traits(of: claims))
            }
        }
        conflicts = Self.conflicts(in: resolved)
        order = Self.order(
            options.startOrder, graph: resolved.graph, selected: runs, durations: durations,
            limit: concurrency.limit)
        defaultTimeout = options.timeout ?? execution.timeout
        defaultGrace = options.grace ?? execution.grace ?? ExecutionSettings.defaultGrace
        runner = options.runner
    }

    private static func orderOnly(in resolved: ResolvedWorkflow) -> Set<Int64> {
        Set(
            resolved.inferredEdges.lazy.filter { $0.origin == .stepOrder }.map {
                Int64($0.dependency) << 32 | Int64($0.dependent)
            })
    }

    /// For each step, the steps that never run at the same time.
    private static func conflicts(in resolved: ResolvedWorkflow) -> RaggedArray<PlannedConflict> {
        RaggedArray(
            count: resolved.graph.count,
            entries: resolved.conflicts.enumerated().flatMap { index, conflict in
                let index = Int32(truncatingIfNeeded: index)
                return [
                    (Int(conflict.first), PlannedConflict(step: conflict.second, conflict: index)),
                    (Int(conflict.second), PlannedConflict(step: conflict.first, conflict: index)),
                ]
            })
    }

    /// Sets the durations of earlier runs, which decide in what order steps start.
    public mutating func expect(_ history: [StepID: Milliseconds]) {
        guard !history.isEmpty else { return }
        let nodes = resolved.graph.nodes
        let runs = selected.indices.map { selected[$0] && doneEarlier[$0] == nil }
        durations = ExpectedDurations.make(nodes: nodes, selected: runs, history: history)
        isMeasured = zip(runs, nodes).map { $0 && history[$1] != nil }
        order = Self.order(
            startOrder, graph: resolved.graph, selected: runs, durations: durations, limit: limit)
    }

    /// The order in which steps start under a limit.
    static func order(
        _ choice: StartOrderChoice, graph: Graph<StepID>, selected: [Bool], durations: [Int64]?,
        limit: Int
    ) -> StartOrder {
        switch choice {
        case .byPath where limit > 1:
            StartOrder(graph: graph, durations: durations ?? selected.map { $0 ? 1 : 0 })
        case .byPath:
            StartOrder(declared: graph.count)
        case .shuffled(let seed):
            StartOrder(shuffling: graph, seed: seed)
        case .replay(_, let steps):
            StartOrder(
                replaying: steps.compactMap { graph.index(of: $0) }, count: graph.count)
        }
    }

    private static func traits(of step: borrowing Step, takesLocks: Bool) -> StepTraits {
        var traits: StepTraits = []
        if step.isCritical { traits.insert(.isCritical) }
        if step.allowsFailure { traits.insert(.allowsFailure) }
        if !step.isParallelSafe { traits.insert(.runsAlone) }
        if takesLocks { traits.insert(.takesLocks) }
        if !step.outputFiles.isEmpty { traits.insert(.declaresOutputs) }
        if step.hasGating {
            if step.gating.always { traits.insert(.isFinalizer) }
            if step.gating.condition != nil { traits.insert(.hasCondition) }
            if step.gating.successPattern != nil { traits.insert(.wantsPattern) }
            if step.gating.verify != nil { traits.insert(.hasCheck) }
        }
        if step.hasRecovery, step.recovery.retries > 0 || !step.recovery.backups.isEmpty {
            traits.insert(.recovers)
        }
        switch step.leftovers {
        case .kill: break
        case .warn: traits.insert(.warnsOfLeftovers)
        case .fail: traits.insert(.failsOnLeftovers)
        }
        return traits
    }

    /// For each step, the length of the longest chain of its own task that ends with it.
    fileprivate static func phases(of resolved: ResolvedWorkflow) -> [Int32] {
        let steps = resolved.workflow.steps
        if resolved.workflow.tasks.count <= 1 {
            return resolved.graph.phaseIndices().map { $0 + 1 }
        }
        var phases = [Int32](repeating: 1, count: steps.count)
        for step in resolved.graph.topologicalOrder() {
            for dependency in resolved.graph.dependencies(of: step)
            where steps[dependency].task == steps[step].task {
                phases[step] = max(phases[step], phases[dependency] + 1)
            }
        }
        return phases
    }
}

extension RunPlan {
    /// Finalizers form the last phase of their task, and are in no other phase.
    private static func withFinalizersLast(_ phases: [Int32], _ workflow: Workflow) -> [Int32] {
        let finalizers = workflow.finalizers
        guard !finalizers.isEmpty else { return phases }
        var last: [Int: Int32] = [:]
        for step in workflow.steps.indices where !finalizers.contains(step) {
            let task = workflow.steps[step].task
            last[task] = max(last[task] ?? 0, phases[step])
        }
        var phases = phases
        for step in finalizers {
            phases[step] = (last[workflow.steps[step].task] ?? 0) + 1
        }
        return phases
    }

    /// The phases with barriers: by the longest chain in the whole graph, numbered within each
    /// task, so that no phase needs a step that waits for it.
    fileprivate static func barrierPhases(of resolved: ResolvedWorkflow) -> [Int32] {
        let steps = resolved.workflow.steps
        let levels = resolved.graph.phaseIndices()
        var levelsOfTasks: [Int: Set<Int32>] = [:]
        for step in steps.indices where !steps[step].isFinalizer {
            levelsOfTasks[steps[step].task, default: []].insert(levels[step])
        }
        let numbers = levelsOfTasks.mapValues { levels in
            Dictionary(
                uniqueKeysWithValues: levels.sorted().enumerated().map {
                    ($1, Int32(truncatingIfNeeded: $0 + 1))
                })
        }
        return steps.indices.map { numbers[steps[$0].task]?[levels[$0]] ?? 1 }
    }
}

extension ResolvedWorkflow {
    /// The number of phases over all tasks, without finalizers.
    public var phaseCount: Int {
        let phases =
            workflow.execution.barriers
            ? RunPlan.barrierPhases(of: self) : RunPlan.phases(of: self)
        var seen: Set<Int64> = []
        for step in workflow.steps.indices where !workflow.steps[step].isFinalizer {
            seen.insert(Int64(workflow.steps[step].task) << 32 | Int64(phases[step]))
        }
        return seen.count
    }
}

/// The number of steps at once, and the notes about it.
private struct Concurrency {
    var mode = ExecutionMode.sequential
    var limit = 1
    var warnings: [String] = []

    init(_ options: RunOptions, _ execution: ExecutionSettings) {
        if case .replay = options.startOrder { return }
        guard options.parallel || options.jobs != nil else { return }
        guard execution.isParallelEnabled else {
            warnings = ["Parallel execution disabled, using sequential mode"]
            return
        }
        mode = .parallel
        limit = max(1, options.jobs ?? execution.maxParallelSteps ?? options.processors)
    }
}
