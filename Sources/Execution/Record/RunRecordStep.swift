/// What is known of one step.
///
/// Small on purpose: a run may have 10,000 of them, twice. An ordinary step's history follows from
/// its three times and is not stored.
public struct StepRecord: Sendable, Hashable {
    /// Where it stands.
    public internal(set) var status = StepStatus.pending
    /// Whether its failure does not count.
    public internal(set) var isAllowed = false
    /// Whether its `verify` command runs, after the step itself.
    public internal(set) var isChecking = false
    /// Whether it ran at the same time as another step.
    public internal(set) var ranInParallel = false
    /// Attempts made.
    public internal(set) var attempts: Int32 = 0
    /// Number of the execution (`exec_001` is 1); 0 when it was not started.
    public internal(set) var execution: Int32 = 0
    /// The leader's process id.
    public internal(set) var pid: Int32?
    /// Why it has its status.
    public internal(set) var reason: StepReason?
    /// What it wrote last, where it failed by itself.
    public internal(set) var error: String?
    /// When its (last) attempt was launched.
    public internal(set) var launchedAt: RunTime?
    /// When the process of its (last) attempt existed.
    public internal(set) var startedAt: RunTime?
    /// When it ended or was skipped.
    public internal(set) var completedAt: RunTime?
    /// The leader's start time, in clock ticks since boot.
    public internal(set) var startTicks: UInt64 = 0
    /// How the leader ended.
    public internal(set) var exit: ExitStatus?
    /// What it cost.
    public internal(set) var usage: ResourceUsage?
    /// Which method the last attempt used.
    public internal(set) var method: StepMethod?
    /// Processes that outlived it.
    public internal(set) var leftovers: [Leftover] = []
    /// At most one; an array because an empty one costs a word.
    private var holders: [LockHolder] = []
    /// Everything so far, once something has happened that the times do not tell.
    private var history: [StepEvent] = []
    /// The parts of its log after the first; a plain step has none.
    public internal(set) var logParts: [LogPart] = []
    /// The attempts after which it went on, or a person was asked; a plain step has none.
    public private(set) var earlierAttempts: [AttemptRecord] = []

    /// A step to which nothing has happened.
    public init() {}

    /// Whom it waits for.
    public internal(set) var waitingFor: LockHolder? {
        get { holders.first }
        set { holders = newValue.map { [$0] } ?? [] }
    }

    /// Whether the `verify` command of its last attempt was begun.
    var hasChecked: Bool {
        history.last { $0.name == .launched || $0.name == .checkStarted }?.name == .checkStarted
    }

    /// Whether it ended well in an earlier run, and did not run again for that.
    public var isDoneEarlier: Bool {
        if case .doneEarlier = reason { status == .skipped } else { false }
    }

    /// Whether it did not run since what it would do was done, in an earlier run or altogether.
    public var isUpToDate: Bool {
        switch reason {
        case .upToDate, .unchanged: status == .skipped
        default: false
        }
    }

    /// Whether it has ended, and not so that what depends on it would run as ever.
    var isUnwell: Bool {
        switch status {
        case .failed: return !isAllowed
        case .aborted: return true
        case .skipped:
            switch reason {
            case .doneEarlier, .upToDate, .unchanged, .notSelected, .conditionFalse, .decided:
                return false
            default: return true
            }
        case .pending, .running, .complete, .cached: return false
        }
    }

    /// What happened to it, where that is more than its times tell; else nothing.
    var recordedEvents: [StepEvent] { history }

    /// What happened to it, in order; built when asked for.
    public var events: [StepEvent] { history.isEmpty ? ordinaryHistory : history }

    /// Nanoseconds its last attempt took, or has taken by `now`; nil when it was not launched.
    public func elapsed(at now: RunTime) -> Int64? {
        launchedAt.map { span(from: $0, to: completedAt ?? now) }
    }

    /// Nanoseconds its last attempt took; nil until it has ended, and when it was not launched.
    public var duration: Int64? {
        guard let launchedAt, let completedAt else { return nil }
        return span(from: launchedAt, to: completedAt)
    }

    private var ordinaryHistory: [StepEvent] {
        var events: [StepEvent] = []
        if let launchedAt, let method {
            events.append(StepEvent(name: .launched, time: launchedAt))
            if let startedAt {
                events.append(StepEvent(name: .started, time: startedAt))
                events.append(StepEvent(name: .methodStarted(method), time: startedAt))
            }
        }
        if let completedAt { appendEnd(to: &events, at: completedAt) }
        return events
    }

    private func appendEnd(to events: inout [StepEvent], at time: RunTime) {
        if let method, startedAt != nil, !isBetweenAttempts {
            switch status {
            case .complete:
                events.append(StepEvent(name: .methodComplete(method), time: time))
            case .failed, .aborted:
                events.append(
                    StepEvent(
                        name: .methodFailed(method, reason ?? .other("")), time: time, error: error)
                )
            case .pending, .running, .skipped, .cached:
                break
            }
        }
        let name: StepEvent.Name
        switch status {
        case .pending, .running: return
        case .complete: name = .complete
        case .failed: name = .failed
        case .aborted: name = .aborted
        case .skipped: name = .skipped
        case .cached: name = .cached
        }
        events.append(StepEvent(name: name, time: time, error: error))
    }

    mutating func launch(attempt: Int, method: StepMethod, execution: Int, at time: RunTime) {
        if launchedAt != nil || completedAt != nil || !history.isEmpty {
            history = events
            history.append(StepEvent(name: .launched, time: time))
        }
        status = .running
        isAllowed = false
        isChecking = false
        attempts = Int32(clamping: attempt)
        self.execution = Int32(clamping: execution)
        self.method = method
        launchedAt = time
        startedAt = nil
        completedAt = nil
        pid = nil
        startTicks = 0
        reason = nil
        error = nil
        exit = nil
        usage = nil
        holders = []
    }

    /// Another step, or another run, holds it back.
    mutating func wait(for holder: LockHolder, at time: RunTime) {
        waitingFor = holder
        append(.waiting(holder), at: time)
    }

    /// Nanoseconds that a launch alone may take.
    private static let longestLaunch: Int64 = 500_000_000

    mutating func start(pid: Int32, startTicks: UInt64, at time: RunTime) {
        guard status == .running, let method else { return }
        self.pid = pid
        self.startTicks = startTicks
        startedAt = time
        // What it waited for in between (its inputs were read, the system had no process left) is no
        // time of its own.
        if let launched = launchedAt, span(from: launched, to: time) > Self.longestLaunch {
            launchedAt = time
        }
        guard !history.isEmpty else { return }
        history.append(StepEvent(name: .started, time: time))
        history.append(StepEvent(name: .methodStarted(method), time: time))
    }

    mutating func end(_ end: StepEnd, at time: RunTime) {
        status = end.status
        reason = end.reason
        error = end.error
        exit = end.exit
        usage = end.usage
        isAllowed = end.isAllowed
        isChecking = false
        // Of a step that ended between two attempts, or in review, the last attempt counts.
        if status == .running || completedAt == nil { completedAt = time }
        holders = []
        if !history.isEmpty { appendEnd(to: &history, at: time) }
    }

    mutating func failAttempt(_ failure: AttemptFailure, at time: RunTime) {
        history = events
        if let method, startedAt != nil {
            history.append(
                StepEvent(
                    name: .methodFailed(method, failure.reason), time: time, error: failure.error))
        }
        if let method, let launchedAt {
            earlierAttempts.append(
                AttemptRecord(
                    number: attempts, method: method, execution: execution,
                    launchedAt: launchedAt, completedAt: time, status: .failed,
                    reason: failure.reason, exit: failure.exit, isBusy: failure.isBusy))
        }
        status = .pending
        isChecking = false
        reason = failure.reason
        error = failure.error
        exit = failure.exit
        usage = failure.usage
        completedAt = time
    }

    /// Its next attempt is due after so many milliseconds.
    mutating func scheduleAttempt(by method: StepMethod, delay: Int64, at time: RunTime) {
        if isBetweenAttempts {
            earlierAttempts[earlierAttempts.count - 1].next = AttemptRecord.Next(
                method: method, restMilliseconds: delay)
        }
        append(.retryScheduled(method, delay), at: time)
    }

    /// Its `verify` command runs.
    mutating func check(at time: RunTime) {
        guard status == .running else { return }
        isChecking = true
        append(.checkStarted, at: time)
    }

    mutating func append(_ name: StepEvent.Name, at time: RunTime) {
        history = events
        history.append(StepEvent(name: name, time: time))
    }
}

/// One line of a step's history, as `progress.json` shows it.
public struct StepEvent: Sendable, Hashable {
    /// Its name (`launched`, `primary_method_started`, …).
    public var name: Name
    /// When.
    public var time: RunTime
    /// What the step had written last when it failed by itself.
    public var error: String?

    /// What happened, by the names of `progress.json`.
    public enum Name: Sendable, Hashable {
        /// It could start but for this. Apart from the others, which it would make several times larger.
        indirect case waiting(LockHolder)
        case launched, started, methodStarted(StepMethod), methodFailed(StepMethod, StepReason)
        case methodComplete(StepMethod), terminating(signal: Int32), killed
        /// Of which method, and after how many milliseconds.
        case retryScheduled(StepMethod, Int64)
        /// Its `verify` command began.
        case checkStarted
        case reviewWanted, decided(ReviewDecision)
        case complete, failed, aborted, skipped, cached
    }
}
