import WorkflowModel

/// What busy failures have slowed down.
struct ThrottleState: Sendable {
    /// What is slowed down: the resources of a step, or the run if it takes none.
    enum Subject: Hashable, Comparable, Sendable {
        case run
        case resource(Int)
    }

    /// The state of one subject.
    struct Line: Sendable {
        /// The largest number of units, or steps, at once.
        var limit: Int
        let declared: Int
        /// How often the delay was doubled since its last success.
        var level = 0
        /// When the delay was last raised.
        var raisedAt = RunTime.zero
        /// Until when nothing of it starts.
        var pausedUntil: RunTime?
        /// When the limit rises again.
        var recoversAt: RunTime?
    }

    private var lines: [Subject: Line] = [:]

    /// The longest delay, unless a longer one is declared.
    static let longestDelay = Milliseconds.seconds(15 * 60)

    var isEmpty: Bool { lines.isEmpty }

    subscript(subject: Subject) -> Line? {
        get { lines.isEmpty ? nil : lines[subject] }
        set { lines[subject] = newValue }
    }

    /// Whether any of it will change as time passes.
    var waitsForTime: Bool {
        lines.values.contains { $0.pausedUntil != nil || $0.recoversAt != nil }
    }

    /// Ends all pauses; limits stay as they are.
    mutating func liftHolds() {
        for subject in lines.keys { lines[subject]?.pausedUntil = nil }
    }

    mutating func shift(by nanoseconds: Int64) {
        for (subject, line) in lines {
            lines[subject]?.pausedUntil = line.pausedUntil?.advanced(byNanoseconds: nanoseconds)
            lines[subject]?.recoversAt = line.recoversAt?.advanced(byNanoseconds: nanoseconds)
        }
    }
}

/// Throttling: failures that mean "busy" lower limits and delay starts, and cost no retry.
extension Scheduler {
    /// The largest number of steps at once, by the system's resources and the throttle of the run.
    var slots: Int { min(launches.limit, throttles[.run]?.limit ?? .max) }

    /// Whether no step of the run may start because of a busy failure.
    var isHeldBack: Bool { throttles[.run]?.pausedUntil != nil }

    /// Whether an attempt failed because too many ran at the same time.
    ///
    /// An end caused by stepvisor (a limit, leftovers) is an ordinary failure. After a stop nothing
    /// is retried later.
    func isBusy(_ outcome: StepEnd, saysBusy: Bool = false) -> Bool {
        guard let throttle = plan.policy.throttle, !finalizers.isHurried else { return false }
        switch outcome.reason {
        case .exited(let code): return saysBusy || throttle.exitCodes.contains(code)
        case .signalled, .outputsMissing, .successPatternMissing: return saysBusy
        default: return false
        }
    }

    /// Slows down what a busy step takes.
    ///
    /// - Returns: How long the step itself waits.
    mutating func throttle(
        by step: Int, _ throttle: ThrottlePolicy, _ effects: inout Effects
    ) -> Milliseconds {
        let launchedAt = activeSteps[step]?.launchedAt ?? effects.now
        var longest = Milliseconds(0)
        for subject in subjects(of: step) {
            let declared = declaredLimit(of: subject)
            var line =
                throttles[subject] ?? ThrottleState.Line(limit: declared, declared: declared)
            line.limit = max(1, line.limit - 1)
            // An attempt that began before the last raise says nothing about the new delay.
            if line.level == 0 || launchedAt > line.raisedAt {
                line.level += 1
                line.raisedAt = effects.now
            }
            let delay = Backoff.doubled(
                throttle.delay, times: line.level - 1,
                most: max(throttle.delay, ThrottleState.longestDelay))
            longest = max(longest, delay)
            effects.record(
                .throttled(
                    step: step, resource: name(of: subject), limit: line.limit,
                    delayMilliseconds: delay.value))
            throttles[subject] = line
            pause(subject, for: delay, effects.now)
            recover(subject, after: throttle.recoverAfter, effects.now)
            if case .resource(let resource) = subject { pool.setLimit(line.limit, of: resource) }
        }
        return longest
    }

    /// A step of it has succeeded: the next busy failure waits no longer than the first.
    mutating func resetDelay(by step: Int) {
        guard !throttles.isEmpty else { return }
        for subject in subjects(of: step) { throttles[subject]?.level = 0 }
    }

    private func subjects(of step: Int) -> [ThrottleState.Subject] {
        let lockable = plan.claims[step].filter { plan.resources[Int($0.resource)].isLockable }
        return lockable.isEmpty ? [.run] : lockable.map { .resource(Int($0.resource)) }
    }

    private func declaredLimit(of subject: ThrottleState.Subject) -> Int {
        switch subject {
        case .run: plan.limit
        case .resource(let resource): pool.capacity(of: resource)
        }
    }

    private func name(of subject: ThrottleState.Subject) -> String? {
        switch subject {
        case .run: nil
        case .resource(let resource): plan.resources[resource].name
        }
    }

    // MARK: - Time

    private mutating func pause(
        _ subject: ThrottleState.Subject, for delay: Milliseconds, _ now: RunTime
    ) {
        guard delay.value > 0 else { return }
        let time = max(
            now.advanced(byNanoseconds: delay.nanoseconds), throttles[subject]?.pausedUntil ?? now)
        throttles[subject]?.pausedUntil = time
        setDeadline(time, of: .pause(subject))
        if case .resource(let resource) = subject { pool.set(.busy, true, on: resource) }
    }

    /// The pause is over: what waits for it may start.
    mutating func pauseIsOver(_ subject: ThrottleState.Subject) {
        throttles[subject]?.pausedUntil = nil
        guard case .resource(let resource) = subject else { return }
        pool.set(.busy, false, on: resource)
        wake(resource)
    }

    private mutating func recover(
        _ subject: ThrottleState.Subject, after delay: Milliseconds, _ now: RunTime
    ) {
        guard let line = throttles[subject], line.limit < line.declared else { return }
        // At least a millisecond, or everything that was lowered would rise before anything starts.
        let time = now.advanced(byNanoseconds: max(delay.nanoseconds, 1_000_000))
        throttles[subject]?.recoversAt = time
        setDeadline(time, of: .recover(subject))
    }

    /// No busy failure of it for a while: the limit rises by one.
    mutating func recoveryIsDue(_ subject: ThrottleState.Subject, _ effects: inout Effects) {
        throttles[subject]?.recoversAt = nil
        guard let throttle = plan.policy.throttle, let line = throttles[subject] else { return }
        let limit = min(line.declared, line.limit + 1)
        throttles[subject]?.limit = limit
        effects.record(.throttleEased(resource: name(of: subject), limit: limit))
        recover(subject, after: throttle.recoverAfter, effects.now)
        guard case .resource(let resource) = subject else { return }
        pool.setLimit(limit, of: resource)
        wake(resource)
    }
}
