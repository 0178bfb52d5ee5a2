/// What is known of a run: its events, folded.
public struct RunRecord: Sendable {
    /// What the run is.
    public private(set) var header: RunHeader
    /// One entry per step of ``RunHeader/steps``.
    public private(set) var steps: [StepRecord]
    /// Where the run stands.
    public private(set) var status: RunStatus
    /// When it ended.
    public private(set) var endedAt: RunTime?
    /// What the user should know, in order.
    public private(set) var warnings: [String]
    /// The signal that began a stop.
    public private(set) var stopSignal: Int32?
    /// Steps running now.
    public private(set) var runningCount: Int
    /// Most steps that ran at once.
    public private(set) var peakConcurrency: Int
}

/// What is known of one step.
public struct StepRecord: Sendable, Hashable {
    /// Where it stands.
    public var status: StepStatus
    /// Why.
    public var reason: StepReason?
    /// When its (last) attempt was launched.
    public var launchedAt: RunTime?
    /// When it ended or was skipped.
    public var completedAt: RunTime?
    /// The leader's process id.
    public var pid: Int32?
    /// The leader's start time, in clock ticks since boot.
    public var startTicks: UInt64
    /// How the leader ended.
    public var exit: ExitStatus?
    /// What it cost.
    public var usage: ResourceUsage?
    /// Attempts made.
    public var attempts: Int32
    /// Which method the last attempt used.
    public var method: StepMethod?
    /// Number of the execution (`exec_001` is 1); 0 when it was not started.
    public var execution: Int32
    /// Whether its failure does not count.
    public var isAllowed: Bool
    /// Processes that outlived it.
    public var leftovers: [Leftover]
    /// Whom it waits for.
    public var waitingFor: LockHolder?
    /// What happened to it, in order.
    public var events: [StepEvent]
}

/// One line of a step's history, as `progress.json` shows it.
public struct StepEvent: Sendable, Hashable {
    /// Its name (`launched`, `primary_method_started`, …).
    public var name: Name
    /// When.
    public var time: RunTime

    /// The names of DESIGN's section 9.
    public enum Name: Sendable, Hashable {
        case launched, started, methodStarted(StepMethod), methodFailed(StepMethod, StepReason)
        case methodComplete(StepMethod), terminating(signal: Int32), killed
        case complete, failed, aborted, skipped, cached
    }
}
