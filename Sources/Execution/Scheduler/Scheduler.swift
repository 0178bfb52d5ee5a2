import DependencyGraph
import WorkflowModel

/// Decides what a run does next: a value that takes events and returns actions.
///
/// It has no access to clock, files or processes. The shell calls ``handle(_:at:into:)`` for each
/// ``SchedulerInput``, performs the actions in order and waits until the next input or
/// ``nextDeadline``. An input that does not fit the state of its step is ignored.
///
/// Every call does the same: handle the input, do what is due, start what fits, finish when nothing
/// is left. The parts: `SchedulerStarts` (slots, resources, conflicts, locks), `SchedulerWaits`
/// (which step holds which back), `SchedulerExits` (results of an attempt's processes),
/// `SchedulerChecks` (`verify` commands), `SchedulerAttempts` (retries and backups),
/// `SchedulerThrottle`, `SchedulerBreakers`, `SchedulerExamination` (steps that need not run),
/// `SchedulerEnds` (outcomes, dependents, the end of the run), `SchedulerPolicy` (consequences of
/// failures), `SchedulerGroups` (groups that fail on their own), `SchedulerReviews` (questions),
/// `SchedulerConditions`, `SchedulerFinalizers`, `SchedulerStops` (signals, halts, the stages of
/// stopping), `SchedulerLimits` (time), `SchedulerBarriers` (phases), `SchedulerAbandon`
/// (unkillable processes).
public struct Scheduler: Sendable {
    let plan: RunPlan
    var states: StepStates
    /// For each step, how many of its dependencies have not succeeded.
    var unmet: [Int32]
    /// Ranks of the steps that could start.
    var ready: IndexQueue
    /// The state of the steps that hold a slot.
    var activeSteps: [Int: ActiveStep] = [:]
    var isAlone = false
    /// The progress of a strict order: all steps of lower rank have ended.
    var turnRank = 0
    var pool: ResourcePool
    /// Steps that wait for a conflicting step to end, by that step.
    var conflictWaiters: [Int: [Int]] = [:]
    var waits = WaitState()
    var launches: LaunchState
    var attempts: AttemptState
    var throttles: Throttles
    var breakers: Breakers
    var stop = StopState()
    var barriers: Barriers
    /// The time limit of the run.
    var runLimitAt: RunTime?
    /// Suspensions, whose time counts against no limit.
    var standstills: [Suspension] = []
    /// Steps whose processes cannot be killed; they keep what they hold.
    var unkillable: [Int] = []
    var policy: PolicyState
    var groups = GroupState()
    var reviews = Reviews()
    var finalizers: Finalizers
    /// Why the examined steps run, until they are launched.
    var causes: [Int: [RunReason]] = [:]
    /// Steps that are ready apart from their condition, whose evaluation was not requested yet.
    var toEvaluate: [Int] = []
    /// Steps that are ready and stay done, which is not recorded yet.
    var toKeep: [Int] = []
    /// Steps that ended in this run with results from which their dependents are made, and after
    /// these, steps that only pass on the results of others; used when a step stays done unless a
    /// dependency runs.
    var withEffect: Set<Int> = []
    /// Ranks of the steps that could start apart from their condition: each keeps its place before
    /// those of higher rank until its condition is known.
    var undecided: IndexQueue
    var deadlines = DeadlineQueue()
    var hasBegun = false
    var hasFailed = false
    /// Whether `finish` has been returned.
    public internal(set) var isFinished = false

    /// A scheduler for a run that has not begun.
    public init(plan: RunPlan) {
        self.plan = plan
        states = StepStates(count: plan.count)
        unmet = (0..<plan.count).map {
            Int32(truncatingIfNeeded: plan.resolved.graph.dependencies(of: $0).count)
        }
        ready = IndexQueue(capacity: plan.count)
        undecided = ready
        pool = ResourcePool(plan.resources)
        launches = LaunchState(limit: plan.limit)
        attempts = AttemptState(count: plan.count)
        throttles = Throttles(
            plan.policy.throttle, runLimit: plan.limit, resources: plan.resources)
        breakers = Breakers(plan.policy.breakers)
        barriers = Self.barriers(of: plan)
        policy = PolicyState(plan.policy)
        finalizers = Finalizers((0..<plan.count).filter { plan.isFinalizer($0) })
        holdFinalizers()
    }

    /// When to send a `tick` if nothing else happens before; nil when nothing is due.
    public var nextDeadline: RunTime? { isFinished ? nil : deadlines.first?.time }

    /// Whether no further step starts.
    public var isStopping: Bool { stop.isStopping }

    /// Whether running steps are being stopped too.
    public var stopsRunning: Bool { stop.stopsRunning }

    /// The number of steps that hold a slot.
    public var activeCount: Int { activeSteps.count }

    /// The number of steps that have not ended.
    public var unfinishedCount: Int { states.count - states.count(of: .ended) }

    /// Handles an input and appends the resulting actions, in order.
    public mutating func handle(
        _ input: SchedulerInput, at now: RunTime, into actions: inout [SchedulerAction]
    ) {
        guard !isFinished else { return }
        var effects = Effects(now: now)
        swap(&effects.actions, &actions)
        take(input, &effects)
        passDeadlines(&effects)
        repeat {
            passBarriers(&effects)
            keepWhatIsDone(&effects)
            evaluateConditions(&effects)
            startWhatFits(&effects)
        } while barriers.hasEnded
            || !(toEvaluate.isEmpty && toKeep.isEmpty) && !stop.isStopping
            || passEnd(&effects)
        dropStaleDeadlines()
        swap(&effects.actions, &actions)
    }

    private mutating func take(_ input: SchedulerInput, _ effects: inout Effects) {
        switch input {
        case .begin: begin(&effects)
        case .locksAcquired(let step): locksAcquired(step, &effects)
        case .locksBusy(let step, let holder): locksBusy(step, holder, &effects)
        case .started(let step, let pid, let ticks, let basis):
            started(step, pid, ticks, basis, &effects)
        case .notStarted(let step, let message): notStarted(step, message, &effects)
        case .launchDeferred(let step, let message): launchDeferred(step, message, &effects)
        case .leaderExited(let step, let exit, let usage, let leftovers, let escaped):
            leaderExited(step, exit, usage, leftovers, escaped, &effects)
        case .groupEmptied(let step): groupEmptied(step, &effects)
        case .signal(let signal): signalled(signal, &effects)
        case .faulted(let fault): faulted(fault, &effects)
        case .verified(let step, let verification): verified(step, verification, &effects)
        case .conditionEvaluated(let step, let outcome):
            conditionEvaluated(step, outcome, &effects)
        case .decided(let step, let decision): decided(step, decision, &effects)
        case .examined(let step, let checkBeforeStart): examined(step, checkBeforeStart, &effects)
        case .output(let step, let time): output(step, at: time, &effects)
        case .wantsTerminal(let step, let signal): wantsTerminal(step, signal, &effects)
        case .resumed(let nanoseconds): resumed(after: nanoseconds, &effects)
        case .tick: break
        }
    }

    private mutating func begin(_ effects: inout Effects) {
        guard !hasBegun else { return }
        hasBegun = true
        let doneEarlier = plan.doneEarlier.keys.filter { states[$0] != nil }.sorted()
        effects.skip(
            doneEarlier.compactMap { step in
                plan.doneEarlier[step].map {
                    (step, .doneEarlier(run: $0.run, basis: $0.basis))
                }
            })
        for step in doneEarlier { close(step) }
        let upToDate = skipUpToDate(&effects)
        let excluded = (0..<states.count).filter { isExcluded($0) }
        effects.skip(excluded.map { ($0, .notSelected) })
        for step in excluded { close(step) }
        takeDecisions(&effects)
        for step in 0..<states.count
        where plan.resolved.graph.dependencies(of: step).isEmpty && !plan.isFinalizer(step) {
            dependenciesMet(step)
        }
        for step in doneEarlier { satisfyDependents(of: step) }
        for step in upToDate { satisfyDependents(of: step) }
        startRunClock(effects.now)
    }

    // MARK: - Deadlines

    mutating func setDeadline(_ time: RunTime, of subject: Deadline.Subject) {
        // Moved out meanwhile, so that `self` can be asked which deadlines are still valid.
        var queue = DeadlineQueue()
        swap(&queue, &deadlines)
        queue.push(Deadline(time: time, subject: subject)) { isValid($0) }
        swap(&queue, &deadlines)
    }

    private mutating func passDeadlines(_ effects: inout Effects) {
        while let deadline = deadlines.first, deadline.time <= effects.now {
            _ = deadlines.popFirst()
            guard isValid(deadline) else { continue }
            switch deadline.subject {
            case .step(let step): stageIsOver(step, &effects)
            case .idle(let step): idleMayBeOver(step, &effects)
            case .phase(let task): phaseIsOverdue(task, &effects)
            case .run: runIsOver(&effects)
            case .resource(let resource):
                pool.setRetry(nil, of: resource)
                wake(resource)
            case .launches: launches.pausedUntil = nil
            case .backoff(let step): backoffIsOver(step)
            case .throttle(let timer): throttleIsDue(timer, &effects)
            case .breaker(let resource): breakerHasCooled(resource, &effects)
            }
        }
    }

    private mutating func dropStaleDeadlines() {
        while let deadline = deadlines.first, !isValid(deadline) { _ = deadlines.popFirst() }
    }

    private func isValid(_ deadline: Deadline) -> Bool {
        switch deadline.subject {
        case .step(let step): activeSteps[step]?.deadline == deadline.time
        case .idle(let step): activeSteps[step]?.idleAt == deadline.time
        case .phase(let task): barriers.deadline(of: task) == deadline.time
        case .run: runLimitAt == deadline.time
        case .resource(let resource): pool.retry(of: resource) == deadline.time
        case .launches: launches.pausedUntil == deadline.time
        case .backoff(let step): attempts[step].retryAt == deadline.time
        case .throttle(let timer): throttles.deadline(of: timer) == deadline.time
        case .breaker(let resource): breakers.deadline(of: resource) == deadline.time
        }
    }
}

/// The time and the results of one call of ``Scheduler/handle(_:at:into:)``.
struct Effects {
    let now: RunTime
    var actions: [SchedulerAction] = []

    mutating func record(_ kind: RunEvent.Kind) { actions.append(.record(kind)) }
    mutating func act(_ action: SchedulerAction) { actions.append(action) }

    /// Records that steps, in ascending order, do not run: in one event those with the same reason.
    mutating func skip(_ steps: [(step: Int, reason: StepReason)]) {
        var groups: [(reason: StepReason, steps: [Int])] = []
        var places: [StepReason: Int] = [:]
        var place = 0
        for (step, reason) in steps {
            // Neighbours mostly have the reason in common; then nothing has to be hashed.
            if groups.isEmpty || groups[place].reason != reason {
                place = places[reason] ?? groups.count
                places[reason] = place
                if place == groups.count { groups.append((reason, [])) }
            }
            groups[place].steps.append(step)
        }
        for (reason, steps) in groups {
            if steps.count == 1 {
                record(.skipped(step: steps[0], reason))
            } else {
                record(.skippedTogether(StepRanges(steps), reason))
            }
        }
    }
}

/// The state of a step while it holds a slot.
struct ActiveStep: Sendable {
    var hasLocks = false
    /// The number of its execution, once it is launched.
    var execution = 0
    var launchedAt = RunTime.zero
    /// How far it has been stopped.
    var stage = StopStage.none
    /// When its limit is reached, or the next stage of stopping begins.
    var deadline: RunTime?
    /// When the time of its attempt is over.
    var limitAt: RunTime?
    /// The latest time of KILL, once stopping it has begun.
    var killAt: RunTime?
    /// When it will have been silent for too long, without further output.
    var idleAt: RunTime?
    /// Whether the shell has been asked for its last output.
    var isAskedForOutput = false
    /// Why it fails, whatever its exit status.
    var cause: StepReason?
    var pid: Int32 = 0
    var exit: ExitStatus?
    var usage: ResourceUsage?
    /// Processes that its leader left behind.
    var leftovers: [Int32] = []
    /// Whether its `verify` command has begun; then the process id is that of the command.
    var isChecking = false
    var checkExit: ExitStatus?
    /// How often the system lacked resources to start its check.
    var checkTries = 0
    /// Whether its log says "busy".
    var saysBusy = false

    /// The processes that KILL has to end: the leftovers once its leader has exited.
    var survivors: [Int32] { leftovers.isEmpty ? [pid] : leftovers }
}

/// How far a step has been stopped: the strongest signal that its group was sent.
enum StopStage: Int, Comparable, Sendable {
    case none, interrupted, terminated, killed

    static func < (a: StopStage, b: StopStage) -> Bool { a.rawValue < b.rawValue }
}

/// The state of starting processes.
struct LaunchState: Sendable {
    /// The largest number of steps at once; less than the plan's when the system lacked resources.
    var limit: Int
    /// The number of the last execution.
    var executions = 0
    /// Executions of launched steps that the system could not start.
    var deferred: [Int: Int] = [:]
    /// No step starts before this time.
    var pausedUntil: RunTime?
    /// Consecutive failed launches while nothing ran.
    var failuresInARow = 0
    var hasWarned = false

    /// Milliseconds before the first further attempt, doubled with each up to the longest.
    static let firstHold: Int64 = 5
    static let longestHold: Int64 = 1000
    /// Attempts while nothing runs, after which a step counts as not startable.
    static let maxTries = 50
    /// Attempts while nothing runs (a little more than half a second), after which a warning is
    /// given.
    static let manyTries = 8
}
