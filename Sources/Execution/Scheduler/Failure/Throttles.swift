import WorkflowModel

/// What busy failures have slowed down: how much of it may run at once, and from when.
///
/// A value without knowledge of the run: it is told about failures and about times that have come,
/// and answers with what changes. Every operation costs the same however many steps there are.
struct Throttles: Sendable {
    /// What is slowed down: the resources of a step, or the run if it takes none.
    enum Subject: Hashable, Comparable, Sendable {
        case run
        case resource(Int)
    }

    /// A time at which a subject changes by itself.
    enum Timer: Hashable, Sendable {
        /// The pause after a busy failure ends.
        case pause(Subject)
        /// The limit after a busy failure rises.
        case recovery(Subject)
    }

    /// How a busy failure slows a subject down.
    struct Slowdown: Hashable, Sendable {
        /// The largest number of units, or steps, at once.
        var limit: Int
        /// How long the step waits that was busy.
        var delay: Milliseconds
        /// Until when nothing of the subject starts; nil when it is not paused.
        var pausedUntil: RunTime?
        /// When the limit rises; nil when it is the declared one.
        var recoversAt: RunTime?
    }

    /// A limit that has risen.
    struct Recovery: Hashable, Sendable {
        var limit: Int
        /// When it rises again; nil when it is the declared one.
        var next: RunTime?
    }

    /// The state of one subject.
    private struct Line: Sendable {
        var limit: Int
        let declared: Int
        /// How often the delay was doubled since its last success.
        var level = 0
        /// When the delay was last raised.
        var raisedAt = RunTime.zero
        var pausedUntil: RunTime?
        var recoversAt: RunTime?

        /// Lets the limit rise after a while, if it was lowered.
        mutating func startRecovery(after delay: Milliseconds, _ now: RunTime) {
            guard limit < declared else { return }
            // At least a millisecond, or everything lowered would rise before anything starts.
            recoversAt = now.advanced(byNanoseconds: max(delay.nanoseconds, 1_000_000))
        }
    }

    private let policy: ThrottlePolicy?
    /// The number of steps at once that the run allows.
    private let runLimit: Int
    private let resources: [PlannedResource]
    private var lines: [Subject: Line] = [:]

    /// The longest delay, unless a longer one is declared.
    static let longestDelay = Milliseconds.seconds(15 * 60)

    /// Nothing is slowed down.
    ///
    /// - Parameters:
    ///   - policy: Which failures are busy ones; nil when none is.
    ///   - runLimit: The number of steps at once that the run allows.
    ///   - resources: What steps can claim; claims use these indices.
    init(_ policy: ThrottlePolicy?, runLimit: Int, resources: [PlannedResource]) {
        self.policy = policy
        self.runLimit = runLimit
        self.resources = resources
    }

    /// Whether nothing was ever slowed down.
    var isEmpty: Bool { lines.isEmpty }

    /// The largest number of units, or steps, at once; nil for a subject that was never slowed
    /// down.
    func limit(of subject: Subject) -> Int? { lines.isEmpty ? nil : lines[subject]?.limit }

    /// Whether no step of the run may start.
    var pausesRun: Bool { !lines.isEmpty && lines[.run]?.pausedUntil != nil }

    /// What a busy failure of a step with these claims slows down.
    func subjects(of claims: ArraySlice<ResourceClaim>) -> [Subject] {
        let lockable = claims.filter { resources[Int($0.resource)].isLockable }
        return lockable.isEmpty ? [.run] : lockable.map { .resource(Int($0.resource)) }
    }

    /// The name of a resource; nil for the run.
    func name(of subject: Subject) -> String? {
        switch subject {
        case .run: nil
        case .resource(let resource): resources[resource].name
        }
    }

    // MARK: - Failures

    /// Whether an attempt failed because too many ran at the same time.
    ///
    /// An end caused by stepvisor (a limit, leftovers) is an ordinary failure.
    func isBusy(_ reason: StepReason?, saysBusy: Bool) -> Bool {
        guard let policy else { return false }
        switch reason {
        case .exited(let code): return saysBusy || policy.exitCodes.contains(code)
        case .signalled, .outputsMissing, .successPatternMissing: return saysBusy
        default: return false
        }
    }

    /// Slows a subject down after a busy failure of an attempt that was launched at this time; nil
    /// in a run without a throttle.
    mutating func slowDown(
        _ subject: Subject, launchedAt: RunTime, now: RunTime
    ) -> Slowdown? {
        guard let policy else { return nil }
        let declared = declaredLimit(of: subject)
        var line = lines[subject] ?? Line(limit: declared, declared: declared)
        line.limit = max(1, line.limit - 1)
        // An attempt that began before the last raise says nothing about the new delay.
        if line.level == 0 || launchedAt > line.raisedAt {
            line.level += 1
            line.raisedAt = now
        }
        let delay = Backoff.doubled(
            policy.delay, times: line.level - 1, most: max(policy.delay, Self.longestDelay))
        if delay.value > 0 {
            let time = now.advanced(byNanoseconds: delay.nanoseconds)
            line.pausedUntil = max(time, line.pausedUntil ?? now)
        }
        line.startRecovery(after: policy.recoverAfter, now)
        lines[subject] = line
        return Slowdown(
            limit: line.limit, delay: delay, pausedUntil: line.pausedUntil,
            recoversAt: line.recoversAt)
    }

    private func declaredLimit(of subject: Subject) -> Int {
        switch subject {
        case .run: runLimit
        case .resource(let resource): resources[resource].capacity
        }
    }

    /// A step with these claims has succeeded: the next busy failure waits no longer than the
    /// first.
    mutating func resetDelay(of claims: ArraySlice<ResourceClaim>) {
        guard !lines.isEmpty else { return }
        for subject in subjects(of: claims) { lines[subject]?.level = 0 }
    }

    // MARK: - Time

    /// The earliest time at which something changes; nil when nothing will.
    var nextDeadline: RunTime? {
        lines.values.reduce(nil) { earliest($0, earliest($1.pausedUntil, $1.recoversAt)) }
    }

    /// The time of a timer; nil when it does not run.
    func deadline(of timer: Timer) -> RunTime? {
        switch timer {
        case .pause(let subject): lines[subject]?.pausedUntil
        case .recovery(let subject): lines[subject]?.recoversAt
        }
    }

    /// The pause of a subject is over.
    mutating func endPause(of subject: Subject) { lines[subject]?.pausedUntil = nil }

    /// No busy failure of a subject for a while: its limit rises by one.
    ///
    /// - Returns: The new limit; nil for a subject that was never slowed down.
    mutating func recover(_ subject: Subject, now: RunTime) -> Recovery? {
        guard let policy, var line = lines[subject] else { return nil }
        line.recoversAt = nil
        line.limit = min(line.declared, line.limit + 1)
        line.startRecovery(after: policy.recoverAfter, now)
        lines[subject] = line
        return Recovery(limit: line.limit, next: line.recoversAt)
    }

    /// Ends all pauses; limits stay as they are.
    mutating func endAllPauses() {
        for subject in lines.keys { lines[subject]?.pausedUntil = nil }
    }

    /// Shifts all times that are still to come.
    mutating func shift(by nanoseconds: Int64) {
        for (subject, line) in lines {
            lines[subject]?.pausedUntil = line.pausedUntil?.advanced(byNanoseconds: nanoseconds)
            lines[subject]?.recoversAt = line.recoversAt?.advanced(byNanoseconds: nanoseconds)
        }
    }
}

/// The earlier of two times, of which each may be missing.
func earliest(_ first: RunTime?, _ second: RunTime?) -> RunTime? {
    guard let first, let second else { return first ?? second }
    return min(first, second)
}
