/// One fact of a run: the journal stores it, and every view folds it.
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

    /// What happened; a step is identified by its index into ``RunHeader/steps``.
    public enum Kind: Hashable, Sendable {
        /// The first event of every journal.
        case runStarted(RunHeader)
        /// It has to run, and why; recorded by runs that skip steps.
        case due(step: Int, [RunReason])
        /// It is about to be started; written before the start, so that a crash in between loses
        /// nothing.
        case launched(step: Int, attempt: Int, method: StepMethod, execution: Int)
        /// Its process exists: process id, and start time in clock ticks since boot (0 if unknown).
        /// With it, if known, the inputs of the step.
        case started(step: Int, pid: Int32, startTicks: UInt64, basis: StepBasis? = nil)
        /// It waits for a resource with another holder.
        case waiting(step: Int, holder: LockHolder)
        /// Its group was sent this signal, and why.
        case terminating(step: Int, signal: Int32, reason: StepReason)
        /// Its group was sent KILL.
        case killed(step: Int)
        /// Processes of its group that outlived the leader.
        case leftovers(step: Int, [Leftover])
        /// Its inputs were changed by others while it ran: its success does not make it up to date.
        case inputsChanged(step: Int, RunReason)
        /// The process of its `verify` command exists.
        case checkStarted(step: Int, pid: Int32, startTicks: UInt64)
        /// Another part of its log begins, of an attempt or of the `verify` command after one.
        case logPart(step: Int, LogPart)
        /// Declared outputs that exist and are empty.
        case outputsEmpty(step: Int, [String])
        /// An attempt has failed without ending the step: another attempt follows, or a person
        /// decides.
        case attemptFailed(step: Int, AttemptFailure)
        /// Its next attempt starts after this delay, once a slot is free.
        case retryScheduled(step: Int, attempt: Int, method: StepMethod, delayMilliseconds: Int64)
        /// A decision about it is needed from a person.
        case reviewWanted(step: Int)
        /// The decision about it.
        case decided(step: Int, ReviewDecision)
        /// It has ended.
        case ended(step: Int, StepEnd)
        /// It will not run.
        case skipped(step: Int, StepReason)
        /// These will not run, all for the same reason: as `skipped` of each.
        case skippedTogether(StepRanges, StepReason)
        /// The run began to stop: this critical step failed.
        case halting(step: Int)
        /// The group of this step began to stop, and nothing else: this critical step of the group
        /// failed.
        case groupHalting(step: Int)
        /// This many steps in a row failed, this one last: `failure_threshold` applies.
        case thresholdReached(step: Int, failures: Int)
        /// The run begins to ask people, or stops asking.
        case modeChanged(ReviewMode)
        /// A failure of this step meant "busy": at most `limit` units of the resource (nil: steps
        /// of the run) are used at once, and none starts during the delay.
        case throttled(step: Int, resource: String?, limit: Int, delayMilliseconds: Int64)
        /// No busy failure for a while: this many may be used at once again.
        case throttleEased(resource: String?, limit: Int)
        /// The breaker of a resource changed its state; `step` is the step whose end caused it.
        case breakerChanged(resource: String, BreakerPhase, step: Int?)
        /// All other steps have ended or will never start: the finalizers begin.
        case finalizing
        /// The run began to stop: a signal.
        case stopping(signal: Int32)
        /// The run began to stop: stepvisor itself could not continue.
        case faulted(RunFault)
        /// The run, or a phase, exceeded its time limit: its running steps are stopped, and no more
        /// of them start. The phase is nil for the run, and in journals of earlier versions.
        case limitReached(TimeoutKind, limitMilliseconds: Int64, phase: Barrier? = nil)
        /// All steps of a phase have ended, and the next phase of the task may begin.
        case barrierPassed(task: Int, phase: Int)
        /// stepvisor and its steps were stopped from the terminal.
        case suspended
        /// The run continues; these nanoseconds count against no limit.
        case resumed(after: Int64)
        /// A long read before a step can continue; shown, not recorded.
        case reading(String)
        /// A warning for the user.
        case warning(step: Int?, String)
        /// The last event of every journal that was closed.
        case runEnded(RunStatus)
    }
}

extension RunEvent.Kind {
    /// The facts of single steps that this one is made of; of most it is the fact itself.
    public var parts: [RunEvent.Kind] {
        guard case .skippedTogether(let steps, let reason) = self else { return [self] }
        return steps.map { .skipped(step: $0, reason) }
    }
}

/// Why stepvisor itself could not continue.
public struct RunFault: Hashable, Sendable {
    /// In short, as lines about steps show it: `the disk is full`.
    public var reason: String
    /// In full: the operation, the path, and the system's message.
    public var error: String

    /// A fault.
    public init(reason: String, error: String) {
        self.reason = reason
        self.error = error
    }
}

/// A part of a step's log that does not begin at the start of the log.
public struct LogPart: Hashable, Sendable {
    /// Number of the execution that writes it.
    public var execution: Int32
    /// Whether the `verify` command writes it; that part belongs to the attempt before.
    public var isCheck: Bool
    /// Bytes before the line with which stepvisor separates the parts.
    public var previousEnd: Int64
    /// Bytes before its own output.
    public var start: Int64

    /// A part of a log.
    public init(execution: Int32, isCheck: Bool, previousEnd: Int64, start: Int64) {
        self.execution = execution
        self.isCheck = isCheck
        self.previousEnd = previousEnd
        self.start = start
    }
}

/// How an attempt ended after which its step continues.
public struct AttemptFailure: Hashable, Sendable {
    /// Why it failed.
    public var reason: StepReason
    /// How its leader ended; nil when it had none.
    public var exit: ExitStatus?
    /// Its resource usage, if the kernel reported it.
    public var usage: ResourceUsage?
    /// Whether the failure means "busy" for the throttle, and so costs no retry.
    public var isBusy: Bool
    /// The last line of the attempt's output, when its own end is the reason.
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
    /// Why; nil when it is `complete`.
    public var reason: StepReason?
    /// How its leader ended; nil when it had none.
    public var exit: ExitStatus?
    /// Its resource usage, if the kernel reported it.
    public var usage: ResourceUsage?
    /// Whether the failure affects neither the exit code nor the dependents.
    public var isAllowed: Bool
    /// The last line of the step's output, when its own end is the reason.
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

/// The properties of a run, written once at its start, so that its journal is readable without the
/// workflow.
public struct RunHeader: Hashable, Sendable {
    /// The version of this format, from ``oldestSchema`` to ``currentSchema``.
    public var schemaVersion: Int
    /// The run's id, which is also the name of its directory.
    public var runID: String
    /// The workflow's name.
    public var workflow: String
    /// The name of the workflow's file or directory in the project root, which distinguishes the
    /// runs of a project's workflows; nil in runs of earlier versions.
    public var workflowFile: String?
    /// `sequential` or `parallel`.
    public var mode: ExecutionMode
    /// The largest number of steps at once.
    public var maxParallelSteps: Int
    /// Wall time at ``RunTime/zero``.
    public var startedAt: WallTime
    /// stepvisor's own process id.
    public var pid: Int32
    /// The kernel's id of this boot; together with the process id it identifies the process.
    public var bootID: String
    /// stepvisor's own start, in clock ticks since boot; 0 if unknown.
    public var startTicks: UInt64 = 0
    /// The tasks, in order.
    public var tasks: [TaskHeader]
    /// All steps of the workflow, in declaration order.
    public var steps: [StepHeader]
    /// The id of the run that this one resumes.
    public var resumes: String?
    /// The seed of the start order, if it was shuffled.
    public var seed: UInt64?
    /// The id of the run whose order this one repeats.
    public var replays: String?
    /// What it skips: steps that are up to date, or unchanged since a revision.
    public var smart = SmartChoice.off
    /// Whether it restores results from the cache.
    public var usesCache = false

    /// The newest schema that this version reads, and writes where a run's steps are listed in a file
    /// of their own.
    public static let currentSchema = 2

    /// The oldest format that can still be read; written where the first line names the steps itself.
    public static let oldestSchema = 1

    /// A header.
    public init(
        runID: String, workflow: String, mode: ExecutionMode, maxParallelSteps: Int,
        startedAt: WallTime, pid: Int32, bootID: String, tasks: [TaskHeader],
        steps: [StepHeader], resumes: String? = nil
    ) {
        schemaVersion = RunHeader.oldestSchema
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

/// Whether the steps of a run are parallel.
public enum ExecutionMode: String, Hashable, Sendable, CaseIterable {
    case sequential, parallel
}

/// A task of a run.
public struct TaskHeader: Hashable, Sendable {
    /// As declared; empty for the one task of a workflow without tasks.
    public var id: String
    /// Description for people.
    public var description: String

    /// A task of a run.
    public init(id: String, description: String) {
        self.id = id
        self.description = description
    }
}

/// A step of a run, as far as views need it.
public struct StepHeader: Hashable, Sendable {
    /// As declared.
    public var id: String
    /// Description for people; may be empty.
    public var description: String
    /// Index into ``RunHeader/tasks``.
    public var task: Int32
    /// Phase within its task, from 1.
    public var phase: Int32
    /// The named set inside its phase.
    public var parallelGroup: String?
    /// Indices of the steps it waits for.
    public var dependencies: [Int32]
    /// Its declared outputs; whether they were written is not checked.
    public var outputs: [String]
    /// Whether it runs alone.
    public var runsAlone: Bool
    /// Whether it would be parallel with others if the run were not sequential.
    public var wouldBeParallel = false
    /// Whether it runs at the end, whatever happened.
    public var isFinalizer = false
    /// The largest number of attempts with all methods together, without busy ones.
    public var maxAttempts: Int32 = 1
    /// The earlier run that has done it; it stays done unless a dependency runs.
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
