import DependencyGraph
import WorkflowModel

/// Decides what a run does next: a value that takes what has happened and returns what to do.
///
/// It knows neither clock nor files nor processes. The shell calls ``handle(_:at:into:)`` for each
/// ``SchedulerInput``, performs the actions in order and waits until the next input or
/// ``nextDeadline``. An input that does not fit the state of its step is ignored.
///
/// A turn is always the same: take the input, do what is due, start what fits, finish when nothing
/// is left. Where each part is: `SchedulerStarts` (slots, resources, conflicts, locks),
/// `SchedulerWaits` (who holds whom back), `SchedulerExits` (what an attempt's processes came to), `SchedulerChecks` (`verify` commands),
/// `SchedulerAttempts` (retries and backups), `SchedulerThrottle`, `SchedulerBreakers`,
/// `SchedulerExamination` (steps that need not run), `SchedulerEnds` (outcomes, dependents, the end of the run), `SchedulerPolicy` (what failures
/// lead to), `SchedulerGroups` (groups that fail on their own), `SchedulerReviews` (questions), `SchedulerConditions`, `SchedulerFinalizers`,
/// `SchedulerStops` (signals, halts, the stages of stopping), `SchedulerLimits` (time),
/// `SchedulerBarriers` (phases), `SchedulerAbandon` (what cannot be killed).
public struct Scheduler: Sendable {
    let plan: RunPlan
    var states: StepStates
    /// For each step, how many of its dependencies have not ended well.
    var unmet: [Int32]
    /// Ranks of the steps that could start.
    var ready: IndexQueue
    /// What is known of the steps that hold a slot.
    var activeSteps: [Int: ActiveStep] = [:]
    var isAlone = false
    /// Where a strict order has got to: all steps of lower rank have ended.
    var turnRank = 0
    var pool: ResourcePool
    /// Steps that wait for a conflicting step to end, by that step.
    var conflictWaiters: [Int: [Int]] = [:]
    var waits = WaitState()
    var launches: LaunchState
    var attempts: AttemptState
    var throttles = ThrottleState()
    var breakers = BreakerState()
    var stop = StopState()
    /// Which phases have begun; nil in a run without barriers.
    var barriers: BarrierState?
    /// When the run has taken too long.
    var runLimitAt: RunTime?
    /// Times that count against no limit.
    var standstills: [Suspension] = []
    /// Steps whose processes cannot be killed, and which hold what they held.
    var unkillable: [Int] = []
    var policy: PolicyState
    var groups = GroupState()
    var reviews = ReviewState()
    var finalizers: FinalizerState
    /// Why steps that were looked at run, until they are launched.
    var causes: [Int: [RunReason]] = [:]
    /// Steps that are ready but for their condition, which nobody has been asked for yet.
    var toEvaluate: [Int] = []
    /// Steps that are ready and stay done, which has not been recorded yet.
    var toKeep: [Int] = []
    /// Steps that have ended in this run with what their dependents are made from, where any step stays
    /// done unless one that it needs does; and behind these, steps that only pass on what they are given.
    var withEffect: Set<Int> = []
    /// Ranks of the steps that could start but for their condition, until that is known: each keeps its
    /// place before those of higher rank.
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
        barriers = plan.hasBarriers ? BarrierState(plan) : nil
        policy = PolicyState(plan.policy)
        finalizers = FinalizerState(plan)
        holdFinalizers()
    }

    /// When to send a `tick` if nothing else happens before; nil when nothing is due.
    public var nextDeadline: RunTime? { isFinished ? nil : deadlines.first?.time }

    /// Whether nothing more is to start.
    public var isStopping: Bool { stop.isStopping }

    /// Whether what runs is being stopped too.
    public var stopsRunning: Bool { stop.stopsRunning }

    /// The number of steps that hold a slot.
    public var activeCount: Int { activeSteps.count }

    /// The number of steps that have not ended.
    public var unfinishedCount: Int { states.count - states.count(of: .ended) }

    /// Takes an input and appends what is to be done about it, in order.
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
        } while barriers?.hasEnded == true
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
        for step in doneEarlier {
            guard let done = plan.doneEarlier[step] else { continue }
            effects.record(.skipped(step: step, .doneEarlier(run: done.run, basis: done.basis)))
            close(step)
        }
        let upToDate = skipUpToDate(&effects)
        for step in 0..<states.count where isExcluded(step) {
            effects.record(.skipped(step: step, .notSelected))
            close(step)
        }
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
        // Taken out meanwhile, so that the rest can be asked what still holds.
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
            case .pause(let subject): pauseIsOver(subject)
            case .recover(let subject): recoveryIsDue(subject, &effects)
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
        case .phase(let task): barriers?.lines[task].limitAt == deadline.time
        case .run: runLimitAt == deadline.time
        case .resource(let resource): pool.retry(of: resource) == deadline.time
        case .launches: launches.pausedUntil == deadline.time
        case .backoff(let step): attempts[step].retryAt == deadline.time
        case .pause(let subject): throttles[subject]?.pausedUntil == deadline.time
        case .recover(let subject): throttles[subject]?.recoversAt == deadline.time
        case .breaker(let resource): breakers[resource].halfOpensAt == deadline.time
        }
    }
}

/// One call of ``Scheduler/handle(_:at:into:)``: when it is, and what it has led to so far.
struct Effects {
    let now: RunTime
    var actions: [SchedulerAction] = []

    mutating func record(_ kind: RunEvent.Kind) { actions.append(.record(kind)) }
    mutating func act(_ action: SchedulerAction) { actions.append(action) }
}

/// What is known of a step from the moment it holds a slot until it gives it back.
struct ActiveStep: Sendable {
    var hasLocks = false
    /// The number of its execution, once it is launched.
    var execution = 0
    var launchedAt = RunTime.zero
    /// How far stopping it has gone.
    var stage = StopStage.none
    /// When its limit is reached, or the next stage begins.
    var deadline: RunTime?
    /// When the time of its attempt is over.
    var limitAt: RunTime?
    /// When it is killed at the latest, once stopping it has begun.
    var killAt: RunTime?
    /// When it has been silent for too long, if it is silent until then.
    var idleAt: RunTime?
    /// Whether the shell has been asked for its last output.
    var isAskedForOutput = false
    /// Why it fails, whatever its exit says.
    var cause: StepReason?
    var pid: Int32 = 0
    var exit: ExitStatus?
    var usage: ResourceUsage?
    /// What its leader left behind.
    var leftovers: [Int32] = []
    /// Whether its `verify` command has been begun; the process that is known is that one's then.
    var isChecking = false
    var checkExit: ExitStatus?
    /// How often the system had nothing to start its check with.
    var checkTries = 0
    /// Whether its log says "busy".
    var saysBusy = false

    /// What of it KILL has to end: the others once its leader has exited.
    var survivors: [Int32] { leftovers.isEmpty ? [pid] : leftovers }
}

/// How far stopping a step has gone: the strongest signal that its group was sent.
enum StopStage: Int, Comparable, Sendable {
    case none, interrupted, terminated, killed

    static func < (a: StopStage, b: StopStage) -> Bool { a.rawValue < b.rawValue }
}

/// What is known of starting processes.
struct LaunchState: Sendable {
    /// Most steps at once; less than the plan's when the system could not bear that many.
    var limit: Int
    /// The number of the last execution.
    var executions = 0
    /// Executions of steps that were launched, and that the system had nothing to start with.
    var deferred: [Int: Int] = [:]
    /// No step starts before.
    var pausedUntil: RunTime?
    /// Launches put off in a row while nothing ran.
    var failuresInARow = 0
    var hasWarned = false

    /// Milliseconds before the first further try, doubled with each up to the longest.
    static let firstHold: Int64 = 5
    static let longestHold: Int64 = 1000
    /// Tries while nothing runs, after which a step cannot be started.
    static let maxTries = 50
    /// Tries while nothing runs, a little more than half a second, after which that is said.
    static let manyTries = 8
}
