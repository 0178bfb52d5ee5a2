/// What is known of a run: its events, folded.
///
/// Folding is total: an event that names no step of the run, or comes in an order that no run
/// produces, changes as little as possible and never traps, since journals come from disks.
public struct RunRecord: Sendable, Hashable {
    /// What the run is.
    public private(set) var header: RunHeader
    /// One entry per step of ``RunHeader/steps``.
    public private(set) var steps: [StepRecord]
    /// Where the run stands.
    public private(set) var status = RunStatus.running
    /// When it ended.
    public private(set) var endedAt: RunTime?
    /// The latest time of any event.
    public private(set) var lastEventAt = RunTime.zero
    /// What the user should know, in order, each with its step.
    public private(set) var notices: [RunNotice] = []
    /// The signal that began a stop.
    public private(set) var stopSignal: Int32?
    /// What kept stepvisor itself from going on.
    public private(set) var fault: RunFault?
    /// Steps running now.
    public var runningCount: Int { counts[.running] }
    /// Most steps that ran at once.
    public private(set) var peakConcurrency = 0
    /// How many steps stand where.
    public private(set) var counts: StatusCounts
    /// Steps that failed and whose failure is allowed.
    public private(set) var allowedFailureCount = 0
    /// Whether the limit of the run was reached.
    public private(set) var hitRunTimeout = false
    /// Nanoseconds for which stepvisor and its steps were stopped from the terminal.
    public private(set) var suspendedTime: Int64 = 0
    /// The barriers between phases that were passed, and when.
    public private(set) var barriers: [Barrier: RunTime] = [:]
    /// Whether the run asks about failures, as far as it has said.
    public private(set) var mode = ReviewMode.silent
    /// Steps about which a decision is wanted and none was made, in the order of their failures.
    public private(set) var inReview: [Int] = []
    /// Whether all but the steps that always run is over.
    public private(set) var isFinalizing = false
    /// What changed for more than one step, and what people were asked and decided, in order.
    public private(set) var sharedEvents: [RunEvent] = []
    /// Why steps had to run, by step, where the run tells.
    public private(set) var causes: [Int: [RunReason]] = [:]
    /// Whether a halt, or the limit of a phase, kept steps from running.
    private(set) var wasCutShort = false
    /// Nanoseconds that ended attempts took, added up, but for those that found a resource busy,
    /// less the time for which steps stood still.
    private(set) var endedStepTime: Int64 = 0
    /// The step that was launched when none ran: of several that run now, it alone may not yet
    /// know that it shares the time.
    private var firstOfBurst: Int?

    /// What is said of a step whose inputs changed while it ran.
    public static func inputsChangedText(_ cause: RunReason) -> String {
        "its \(cause.text); the next `--smart-execution` or `--resume` runs it again"
    }

    /// A run of which nothing is known but what it is.
    public init(header: RunHeader) {
        self.header = header
        steps = [StepRecord](repeating: StepRecord(), count: header.steps.count)
        counts = StatusCounts(pending: header.steps.count)
    }

    /// What the user should know, in order; of a step, with its id before it.
    public var warnings: [String] {
        notices.map { notice in
            guard let step = notice.step, header.steps.indices.contains(step) else {
                return notice.text
            }
            return "`\(header.steps[step].id)`: \(notice.text)"
        }
    }

    /// Who holds a step back now; nil where nobody does.
    public func holder(of step: Int) -> LockHolder? {
        steps.indices.contains(step) ? steps[step].waitingFor : nil
    }

    /// Who held a step back last; nil where nobody did.
    public func lastHolder(of step: Int) -> LockHolder? {
        guard steps.indices.contains(step) else { return nil }
        for event in steps[step].recordedEvents.reversed() {
            if case .waiting(let holder) = event.name { return holder }
        }
        return nil
    }

    /// Takes in one event; O(1), or O(n) in the steps that it is about.
    public mutating func apply(_ event: RunEvent) {
        lastEventAt = max(lastEventAt, event.time)
        if let index = event.kind.step, !steps.indices.contains(index) { return }
        if event.kind.isShared { sharedEvents.append(event) }
        switch event.kind {
        case .runStarted:
            break
        case .due(let step, let found):
            causes[step] = found
        case .launched(let step, let attempt, let method, let execution):
            launch(step, attempt: attempt, method: method, execution: execution, at: event.time)
        case .started(let step, let pid, let startTicks, _):
            steps[step].start(pid: pid, startTicks: startTicks, at: event.time)
        case .waiting(let step, let holder):
            if steps[step].status == .pending { steps[step].wait(for: holder, at: event.time) }
        case .terminating(let step, let signal, let reason):
            noteTimeout(reason)
            steps[step].append(.terminating(signal: signal), at: event.time)
        case .killed(let step):
            steps[step].append(.killed, at: event.time)
        case .leftovers(let step, let leftovers):
            steps[step].leftovers += leftovers
        case .inputsChanged(let step, let cause):
            notices.append(
                RunNotice(time: event.time, step: step, text: Self.inputsChangedText(cause)))
        case .attemptFailed(let step, let failure):
            failAttempt(step, failure, at: event.time)
        case .retryScheduled(let step, _, let method, let delay):
            steps[step].scheduleAttempt(by: method, delay: delay, at: event.time)
        case .checkStarted(let step, _, _):
            steps[step].check(at: event.time)
        case .logPart(let step, let part):
            steps[step].logParts.append(part)
        case .outputsEmpty(let step, let paths):
            noteEmptyOutputs(of: step, paths, at: event.time)
        case .reviewWanted(let step):
            steps[step].append(.reviewWanted, at: event.time)
            if !inReview.contains(step) { inReview.append(step) }
        case .decided(let step, let decision):
            inReview.removeAll { $0 == step }
            steps[step].append(.decided(decision), at: event.time)
        case .ended(let step, let end):
            finish(step, end, at: event.time)
        case .skipped(let step, let reason):
            finish(step, StepEnd(status: .skipped, reason: reason.withoutBasis), at: event.time)
        case .skippedTogether(let skipped, let reason):
            let end = StepEnd(status: .skipped, reason: reason.withoutBasis)
            for step in skipped where step < steps.count { finish(step, end, at: event.time) }
        case .warning(let step, let text):
            notices.append(RunNotice(time: event.time, step: step, text: text))
        case .halting, .groupHalting, .suspended, .thresholdReached, .throttled, .throttleEased,
            .reading, .breakerChanged, .modeChanged, .finalizing, .limitReached, .barrierPassed,
            .resumed, .stopping, .faulted, .runEnded:
            applyToRun(event)
        }
    }

    /// Takes in an event of the whole run.
    private mutating func applyToRun(_ event: RunEvent) {
        switch event.kind {
        case .modeChanged(let mode):
            self.mode = mode
        case .finalizing:
            isFinalizing = true
        case .halting, .groupHalting:
            wasCutShort = true
        case .limitReached(let kind, _, _):
            wasCutShort = true
            if kind == .run { hitRunTimeout = true }
        case .barrierPassed(let task, let phase):
            let barrier = Barrier(task: task, phase: phase)
            if barriers[barrier] == nil { barriers[barrier] = event.time }
        case .resumed(let nanoseconds):
            let length = max(0, nanoseconds)
            suspendedTime = saturatingSum(suspendedTime, length)
            let (all, overflow) = length.multipliedReportingOverflow(by: Int64(runningCount))
            endedStepTime = saturatingSum(endedStepTime, overflow ? .min : -all)
        case .stopping(let signal):
            stopSignal = stopSignal ?? signal
        case .faulted(let fault):
            self.fault = self.fault ?? fault
        case .runEnded(let status):
            self.status = status
            endedAt = event.time
        default:
            break
        }
    }

    private mutating func noteEmptyOutputs(of step: Int, _ paths: [String], at time: RunTime) {
        let what = paths.count == 1 ? "output is" : "outputs are"
        notices.append(
            RunNotice(
                time: time, step: step,
                text: "its declared \(what) empty: \(paths.joined(separator: ", "))"))
    }

    /// Says that stepvisor has died: a run without an end becomes `interrupted`.
    ///
    /// Steps that were in flight stay `running`: how they ended is not known.
    public mutating func markInterrupted() {
        guard endedAt == nil else { return }
        status = .interrupted
    }

    private mutating func launch(
        _ step: Int, attempt: Int, method: StepMethod, execution: Int, at time: RunTime
    ) {
        let isConcurrent = runningCount > (steps[step].status == .running ? 1 : 0)
        if isConcurrent {
            steps[step].ranInParallel = true
            if let firstOfBurst { steps[firstOfBurst].ranInParallel = true }
        } else {
            firstOfBurst = step
        }
        forgetAllowedFailure(of: step)
        counts.move(from: steps[step].status, to: .running)
        steps[step].launch(attempt: attempt, method: method, execution: execution, at: time)
        peakConcurrency = max(peakConcurrency, runningCount)
    }

    /// The step is between two attempts: it runs no more, and has not ended.
    private mutating func failAttempt(_ step: Int, _ failure: AttemptFailure, at time: RunTime) {
        guard steps[step].status == .running else {
            // It failed before it could be launched, and a person is to decide about it.
            if steps[step].status == .pending { steps[step].reason = failure.reason }
            return
        }
        noteTimeout(failure.reason)
        if !failure.isBusy, let launched = steps[step].launchedAt {
            endedStepTime = saturatingSum(endedStepTime, span(from: launched, to: time))
        }
        counts.move(from: .running, to: .pending)
        steps[step].failAttempt(failure, at: time)
    }

    private mutating func finish(_ step: Int, _ end: StepEnd, at time: RunTime) {
        // The first end counts: a step has one end for each launch.
        guard !steps[step].status.isFinal, end.status.isFinal else { return }
        if !inReview.isEmpty { inReview.removeAll { $0 == step } }
        if let reason = end.reason { noteTimeout(reason) }
        if steps[step].status == .running, let launched = steps[step].launchedAt {
            endedStepTime = saturatingSum(endedStepTime, span(from: launched, to: time))
        }
        counts.move(from: steps[step].status, to: end.status)
        steps[step].end(end, at: time)
        if end.status == .failed, end.isAllowed { allowedFailureCount += 1 }
    }

    private mutating func forgetAllowedFailure(of step: Int) {
        if steps[step].status == .failed, steps[step].isAllowed { allowedFailureCount -= 1 }
    }

    private mutating func noteTimeout(_ reason: StepReason) {
        if case .timedOut(.run, _) = reason { hitRunTimeout = true }
    }
}

/// The barrier that stands after a phase of a task.
public struct Barrier: Sendable, Hashable {
    /// Index into ``RunHeader/tasks``.
    public var task: Int
    /// The phase before it.
    public var phase: Int

    /// Names a barrier.
    public init(task: Int, phase: Int) {
        self.task = task
        self.phase = phase
    }
}

/// Something that the user should know.
public struct RunNotice: Sendable, Hashable {
    /// When it was noticed.
    public var time: RunTime
    /// The step it is about.
    public var step: Int?
    /// What it is; not neutralised.
    public var text: String
}

/// How many steps stand where.
public struct StatusCounts: Sendable, Hashable {
    private var pending: Int
    private var running = 0
    private var complete = 0
    private var failed = 0
    private var aborted = 0
    private var skipped = 0
    private var cached = 0

    init(pending: Int) { self.pending = pending }

    /// Steps of a status.
    public internal(set) subscript(status: StepStatus) -> Int {
        get {
            switch status {
            case .pending: pending
            case .running: running
            case .complete: complete
            case .failed: failed
            case .aborted: aborted
            case .skipped: skipped
            case .cached: cached
            }
        }
        set {
            switch status {
            case .pending: pending = newValue
            case .running: running = newValue
            case .complete: complete = newValue
            case .failed: failed = newValue
            case .aborted: aborted = newValue
            case .skipped: skipped = newValue
            case .cached: cached = newValue
            }
        }
    }

    /// Steps in all.
    public var total: Int { StepStatus.allCases.reduce(0) { $0 + self[$1] } }

    /// Steps to which nothing more happens.
    public var done: Int { total - pending - running }

    mutating func move(from old: StepStatus, to new: StepStatus) {
        self[old] -= 1
        self[new] += 1
    }
}

extension RunEvent.Kind {
    /// The step that the event is about; nil for an event of the whole run, or of several steps.
    public var step: Int? {
        switch self {
        case .runStarted, .stopping, .faulted, .limitReached, .barrierPassed, .suspended, .resumed,
            .modeChanged, .throttleEased, .finalizing, .reading, .skippedTogether, .runEnded:
            nil
        case .checkStarted(let step, _, _), .logPart(let step, _), .outputsEmpty(let step, _),
            .attemptFailed(let step, _), .retryScheduled(let step, _, _, _),
            .reviewWanted(let step), .decided(let step, _), .thresholdReached(let step, _),
            .throttled(let step, _, _, _):
            step
        case .breakerChanged(_, _, let step): step
        case .launched(let step, _, _, _), .started(let step, _, _, _), .waiting(let step, _),
            .terminating(let step, _, _), .killed(let step), .leftovers(let step, _),
            .halting(let step), .groupHalting(let step), .due(let step, _),
            .inputsChanged(let step, _), .ended(let step, _),
            .skipped(let step, _):
            step
        case .warning(let step, _): step
        }
    }
}

extension StepReason {
    /// The reason as a record keeps it: the journal alone needs the basis.
    fileprivate var withoutBasis: StepReason {
        if case .doneEarlier(let run, _) = self { .doneEarlier(run: run, basis: nil) } else { self }
    }
}

/// Nanoseconds between two moments; 0 when they are the wrong way round.
func span(from start: RunTime, to end: RunTime) -> Int64 {
    guard end > start else { return 0 }
    let (difference, overflow) = end.nanoseconds.subtractingReportingOverflow(start.nanoseconds)
    return overflow ? .max : difference
}

/// A sum of lengths of time that stops at the largest, or the least, instead of overflowing.
func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? (a < 0 ? .min : .max) : sum
}
