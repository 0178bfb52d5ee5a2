import DependencyGraph
public import WorkflowModel

/// How long a run is expected to take.
///
/// Steps that were never measured count as 0, so every time is a lower bound, not a guess.
public struct Forecast: Hashable, Sendable {
    /// The largest number of steps at once.
    public var limit: Int
    /// From start to end.
    public var wall: Milliseconds
    /// The sum of all steps.
    public var sum: Milliseconds
    /// The longest chain: a lower bound for any number of slots.
    public var criticalPathLength: Milliseconds
    /// The steps of that chain that run, first to last, by index.
    public var criticalPath: [Int]
    /// How many steps of the run were never measured.
    public var unmeasuredCount = 0
}

extension RunPlan {
    /// The expected time of the run under a limit, computed by running the scheduler in virtual
    /// time.
    ///
    /// It assumes that nothing fails, launching costs nothing, and no other run holds a resource.
    /// - Parameters:
    ///   - limit: The largest number of steps at once; the plan's own when nil.
    ///   - durations: One for each step, in declaration order; the plan's expected durations when
    ///     nil.
    /// - Returns: The forecast, or nil when no duration is known.
    public func simulate(limit: Int? = nil, durations: [Milliseconds]? = nil) -> Forecast? {
        let given = durations.map { given in
            selected.indices.map { step in
                selected[step] && step < given.count ? max(0, given[step].value) : 0
            }
        }
        guard let expected = given ?? self.durations else { return nil }
        if given == nil, zip(selected, isMeasured).contains(where: { $0 && !$1 }) {
            return leastForecast(limit: max(1, limit ?? self.limit), guesses: expected)
        }
        var plan = self
        plan.limit = max(1, limit ?? self.limit)
        plan.durations = expected
        plan.appliesTimeouts = false
        plan.order = Self.order(
            startOrder, graph: resolved.graph, selected: selected, durations: expected,
            limit: plan.limit)

        var run = VirtualRun(plan: plan)
        var world = SmoothWorld(durations: expected)
        // Begin, started and exited for each step, and acquired locks for some.
        let isFinished = run.run(maxInputs: 8 * count + 8, in: &world)
        guard isFinished else { return nil }
        let path = resolved.graph.criticalPath(durations: expected.map(Double.init))
        return Forecast(
            limit: plan.limit, wall: Milliseconds(run.now.milliseconds),
            sum: Milliseconds(expected.reduce(0) { $0 &+ $1 }),
            criticalPathLength: Milliseconds(Int64(path.length)),
            criticalPath: path.path.filter { selected[$0] })
    }
}

extension RunPlan {
    /// The time of the measured steps alone; guesses only decide which chain is the longest.
    private func leastForecast(limit: Int, guesses: [Int64]) -> Forecast {
        let known = guesses.indices.map { isMeasured[$0] ? guesses[$0] : 0 }
        let sum = known.reduce(0) { $0 &+ $1 }
        let path = resolved.graph.criticalPath(durations: guesses.map(Double.init)).path
        let floor = resolved.graph.criticalPath(durations: known.map(Double.init)).length
        let share = sum / Int64(limit) + (sum % Int64(limit) > 0 ? 1 : 0)
        return Forecast(
            limit: limit, wall: Milliseconds(max(Int64(floor), share)), sum: Milliseconds(sum),
            criticalPathLength: Milliseconds(path.reduce(0) { $0 &+ known[$1] }),
            criticalPath: path.filter { selected[$0] },
            unmeasuredCount: selected.indices.count {
                selected[$0] && !isMeasured[$0] && !isUpToDate($0)
            })
    }
}

extension RunPlan {
    /// The steps of the run, in the order in which they would start if nothing failed.
    ///
    /// Computed by simulating the run with equal durations; for a parallel run, whose order depends
    /// on real durations, by phase and rank.
    public var startSequence: [Int] {
        let running = order.steps.map { Int($0) }.filter {
            selected[$0] && doneEarlier[$0] == nil && !isUpToDate($0)
        }
        guard limit == 1 else {
            let sorted = running.sorted { a, b in
                (phases[a], order.ranks[a]) < (phases[b], order.ranks[b])
            }
            return sorted.filter { !isFinalizer($0) } + sorted.filter { isFinalizer($0) }
        }
        var plan = self
        plan.appliesTimeouts = false
        var run = VirtualRun(plan: plan)
        var world = SmoothWorld(durations: [Int64](repeating: 1, count: count))
        _ = run.run(maxInputs: 8 * count + 8, in: &world)
        let started = Set(world.launched)
        return world.launched + running.filter { !started.contains($0) }
    }

    /// Whether a step always runs, after all others.
    public func isFinalizer(_ step: Int) -> Bool { traits[step].contains(.isFinalizer) }
}

/// A virtual world in which nothing fails and every step takes the expected time.
private struct SmoothWorld: VirtualWorld {
    /// Milliseconds for each step.
    let durations: [Int64]
    /// Steps in the order of their launches.
    private(set) var launched: [Int] = []

    init(durations: [Int64]) { self.durations = durations }

    mutating func admits(_ input: SchedulerInput, at now: RunTime) -> Bool { true }

    mutating func perform(
        _ action: SchedulerAction, at now: RunTime, _ agenda: inout VirtualRun.Agenda
    ) {
        switch action {
        case .acquireLocks(let step): agenda.add(.locksAcquired(step: step), at: now)
        case .launch(let step, _, _, _, _):
            launched.append(step)
            agenda.add(.started(step: step, pid: 0, startTicks: 0), at: now)
            let end = now.advanced(byNanoseconds: Milliseconds(durations[step]).nanoseconds)
            agenda.add(
                .leaderExited(step: step, exit: .exited(0), usage: nil, leftovers: []), at: end)
        case .verify(let step, _):
            agenda.add(.verified(step: step, Verification()), at: now)
        case .examine(let step):
            // What its dependencies will produce is unknown in advance.
            agenda.add(.examined(step: step, .due([])), at: now)
        case .evaluateCondition(let step):
            // Assume that a condition is true: most are most of the time, and no result is known
            // before the run.
            agenda.add(.conditionEvaluated(step: step, .holds), at: now)
        case .launchCheck(let step, _):
            agenda.add(.started(step: step, pid: 0, startTicks: 0), at: now)
            agenda.add(
                .leaderExited(step: step, exit: .exited(0), usage: nil, leftovers: []), at: now)
        default: break
        }
    }
}
