/// One fact of a run, as the journal holds it and every view folds it.
public struct RunEvent: Hashable, Sendable {
    /// When it happened.
    public var time: RunTime
    /// What happened.
    public var kind: Kind

    /// A fact and its time.
    public init(_ kind: Kind, at time: RunTime) {
        self.time = time
        self.kind = kind
    }

    /// What happened; a step is named by its index into ``RunHeader/steps``.
    public enum Kind: Hashable, Sendable {
        /// The first event of every journal.
        case runStarted(RunHeader)
        /// It has to run, and why; told where a run skips what need not.
        case due(step: Int, [RunReason])
        /// About to be started; written before it is, so that a death in between loses nothing.
        case launched(step: Int, attempt: Int, method: StepMethod, execution: Int)
        /// Its process exists: process id, and start time in clock ticks since boot (0 if unknown).
        /// With it, where that is known, what the step was started from.
        case started(step: Int, pid: Int32, startTicks: UInt64, basis: StepBasis? = nil)
        /// It waits for a resource that somebody else holds.
        case waiting(step: Int, holder: LockHolder)
        /// Its group was sent this signal, and why.
        case terminating(step: Int, signal: Int32, reason: StepReason)
        /// Its group was sent KILL.
        case killed(step: Int)
        /// Processes of its group that outlived its leader.
        case leftovers(step: Int, [Leftover])
        /// What it reads was changed by somebody else while it ran: its success proves nothing later.
        case inputsChanged(step: Int, RunReason)
        /// The process of its `verify` command exists.
        case checkStarted(step: Int, pid: Int32, startTicks: UInt64)
        /// A further part of its log begins, of an attempt or of the `verify` command after one.
        case logPart(step: Int, LogPart)
        /// Declared outputs of it that are there and empty.
        case outputsEmpty(step: Int, [String])
        /// An attempt has ended badly, and the step has not: another follows, or a person decides.
        case attemptFailed(step: Int, AttemptFailure)
        /// Its next attempt starts when this time is over and a slot is free.
        case retryScheduled(step: Int, attempt: Int, method: StepMethod, delayMilliseconds: Int64)
        /// A person is wanted to decide about it.
        case reviewWanted(step: Int)
        /// What was decided about it.
        case decided(step: Int, ReviewDecision)
        /// It has ended.
        case ended(step: Int, StepEnd)
        /// It will not run.
        case skipped(step: Int, StepReason)
        /// The run began to stop: this critical step failed.
        case halting(step: Int)
        /// The group of this step began to stop, and nothing else: this critical step of it failed.
        case groupHalting(step: Int)
        /// So many steps in a row failed, this one last: what `failure_threshold` says follows.
        case thresholdReached(step: Int, failures: Int)
        /// From now on the run asks, or does not.
        case modeChanged(ReviewMode)
        /// A failure of this step meant "busy": of the resource (nil: of the run) at most so much
        /// is used at once, and nothing of it starts for a while.
        case throttled(step: Int, resource: String?, limit: Int, delayMilliseconds: Int64)
        /// For a while nothing was busy: so much may be used at once again.
        case throttleEased(resource: String?, limit: Int)
        /// The breaker of a resource has changed, by the end of this step where one did it.
        case breakerChanged(resource: String, BreakerPhase, step: Int?)
        /// All else has ended or never will start: the steps that always run begin.
        case finalizing
        /// The run began to stop: a signal.
        case stopping(signal: Int32)
        /// The run began to stop: stepvisor itself could not go on.
        case faulted(RunFault)
        /// The run, or a phase of it, took longer than its limit: what of it runs is stopped, and
        /// nothing more of it starts. The phase is nil for the run, and in journals of earlier versions.
        case limitReached(TimeoutKind, limitMilliseconds: Int64, phase: Barrier? = nil)
        /// All steps of a phase have ended, and the next phase of the task may begin.
        case barrierPassed(task: Int, phase: Int)
        /// stepvisor was stopped from the terminal, and its steps with it.
        case suspended
        /// It goes on, after so many nanoseconds, which count against no limit.
        case resumed(after: Int64)
        /// What is being read before a step can go on, where that takes long; shown, and not recorded.
        case reading(String)
        /// Something that the user should know.
        case warning(step: Int?, String)
        /// The last event of every journal that was closed.
        case runEnded(RunStatus)
    }
}

/// What kept stepvisor itself from going on.
public struct RunFault: Hashable, Sendable {
    /// In short, as lines of steps have it: `the disk is full`.
    public var reason: String
    /// In full: what was tried, where, and what the system said.
    public var error: String

    /// A fault.
    public init(reason: String, error: String) {
        self.reason = reason
        self.error = error
    }
}

/// A part of a step's log that does not begin with the log.
public struct LogPart: Hashable, Sendable {
    /// Number of the execution that writes it.
    public var execution: Int32
    /// Whether it is what the `verify` command writes, which belongs to the attempt before.
    public var isCheck: Bool
    /// Bytes before the line that stepvisor wrote between the parts.
    public var previousEnd: Int64
    /// Bytes before what it writes itself.
    public var start: Int64

    /// A part of a log.
    public init(execution: Int32, isCheck: Bool, previousEnd: Int64, start: Int64) {
        self.execution = execution
        self.isCheck = isCheck
        self.previousEnd = previousEnd
        self.start = start
    }
}

/// How an attempt ended after which its step goes on.
public struct AttemptFailure: Hashable, Sendable {
    /// Why it failed.
    public var reason: StepReason
    /// How its leader ended, when it had one.
    public var exit: ExitStatus?
    /// What it cost, when the kernel told.
    public var usage: ResourceUsage?
    /// Whether it was the throttle's "busy", which costs no retry.
    public var isBusy: Bool
    /// What the attempt wrote last, where its own end is the reason.
    public var error: String?

    /// A failed attempt.
    public init(
        reason: StepReason, exit: ExitStatus? = nil, usage: ResourceUsage? = nil,
        isBusy: Bool = false, error: String? = nil
    ) {
        self.error = error
        self.reason = reason
        self.exit = exit
        self.usage = usage
        self.isBusy = isBusy
    }
}

/// How one step ended.
public struct StepEnd: Hashable, Sendable {
    /// `complete`, `failed`, `aborted` or `cached`.
    public var status: StepStatus
    /// Why, when it is not `complete`.
    public var reason: StepReason?
    /// How its leader ended, when it had one.
    public var exit: ExitStatus?
    /// What it cost, when the kernel told.
    public var usage: ResourceUsage?
    /// Whether the failure counts neither for the exit code nor for dependents.
    public var isAllowed: Bool
    /// What the step wrote last, where its own end is the reason of its failure.
    public var error: String?

    /// An end.
    public init(
        status: StepStatus, reason: StepReason? = nil, exit: ExitStatus? = nil,
        usage: ResourceUsage? = nil, isAllowed: Bool = false, error: String? = nil
    ) {
        self.error = error
        self.status = status
        self.reason = reason
        self.exit = exit
        self.usage = usage
        self.isAllowed = isAllowed
    }
}

/// What a run is, written once at its start, so that its journal can be read without the workflow.
public struct RunHeader: Hashable, Sendable {
    /// The version of this form: ``currentSchema``.
    public var schemaVersion: Int
    /// The run's id, which is also its directory's name.
    public var runID: String
    /// The workflow's name.
    public var workflow: String
    /// The name of the workflow's file or directory in the project root, by which the runs of several
    /// workflows of a project are told apart; nil in runs of earlier versions.
    public var workflowFile: String?
    /// `sequential` or `parallel`.
    public var mode: ExecutionMode
    /// Most steps at once.
    public var maxParallelSteps: Int
    /// Wall time of ``RunTime/zero``.
    public var startedAt: WallTime
    /// stepvisor's own process id.
    public var pid: Int32
    /// The kernel's id of this boot, by which a process id is told from a stranger's.
    public var bootID: String
    /// stepvisor's own start, in clock ticks since boot; 0 if unknown.
    public var startTicks: UInt64 = 0
    /// The tasks, in order.
    public var tasks: [TaskHeader]
    /// All steps of the workflow, in declaration order.
    public var steps: [StepHeader]
    /// The id of the run that this one goes on with.
    public var resumes: String?
    /// What the order of the steps was drawn from, where it was shuffled.
    public var seed: UInt64?
    /// The id of the run whose order this one keeps.
    public var replays: String?
    /// What it skips: steps that are up to date, or unchanged since a revision.
    public var smart = SmartChoice.off
    /// Whether kept results were used.
    public var usesCache = false

    /// The schema that this version writes.
    public static let currentSchema = 1

    /// The oldest form that can still be read.
    public static let oldestSchema = 1

    /// A header.
    public init(
        runID: String, workflow: String, mode: ExecutionMode, maxParallelSteps: Int,
        startedAt: WallTime, pid: Int32, bootID: String, tasks: [TaskHeader],
        steps: [StepHeader], resumes: String? = nil
    ) {
        schemaVersion = RunHeader.currentSchema
        self.runID = runID
        self.workflow = workflow
        self.mode = mode
        self.maxParallelSteps = maxParallelSteps
        self.startedAt = startedAt
        self.pid = pid
        self.bootID = bootID
        self.tasks = tasks
        self.steps = steps
        self.resumes = resumes
    }
}

/// How the steps of a run share the time.
public enum ExecutionMode: String, Hashable, Sendable, CaseIterable {
    case sequential, parallel
}

/// A task of a run.
public struct TaskHeader: Hashable, Sendable {
    /// As declared; empty for the one task of a workflow without tasks.
    public var id: String
    /// Words for people.
    public var description: String

    /// A task of a run.
    public init(id: String, description: String) {
        self.id = id
        self.description = description
    }
}

/// A step of a run: what views need to know of it.
public struct StepHeader: Hashable, Sendable {
    /// As declared.
    public var id: String
    /// Words for people; may be empty.
    public var description: String
    /// Index into ``RunHeader/tasks``.
    public var task: Int32
    /// Phase within its task, from 1.
    public var phase: Int32
    /// The named set inside its phase.
    public var parallelGroup: String?
    /// Indices of the steps it waits for.
    public var dependencies: [Int32]
    /// What it writes, as declared; whether it was written is not looked at.
    public var outputs: [String]
    /// Whether it runs alone.
    public var runsAlone: Bool
    /// Whether it would run beside others if the run were not sequential.
    public var wouldBeParallel = false
    /// Whether it runs at the end, whatever happened.
    public var isFinalizer = false
    /// Most attempts, by all methods together, but for such as were "busy".
    public var maxAttempts: Int32 = 1
    /// The earlier run that has done it, where it stays done unless what it needs runs.
    public var doneUnlessNeedsRun: DoneEarlier?

    /// A step of a run.
    public init(
        id: String, description: String = "", task: Int = 0, phase: Int = 1,
        parallelGroup: String? = nil, dependencies: [Int32] = [], outputs: [String] = [],
        runsAlone: Bool = false
    ) {
        self.id = id
        self.description = description
        self.task = Int32(truncatingIfNeeded: task)
        self.phase = Int32(truncatingIfNeeded: phase)
        self.parallelGroup = parallelGroup
        self.dependencies = dependencies
        self.outputs = outputs
        self.runsAlone = runsAlone
    }
}
