import WorkflowModel

/// Time limits: of an attempt, of silence, and of the run; and the time that counts against none.
///
/// There is one clock, the run's monotonic one. The length of a suspension, reported by the shell,
/// shifts every deadline that is still to come.
extension Scheduler {
    /// Starts the limits of a step whose process exists.
    mutating func startClocks(of step: Int, _ now: RunTime) {
        if let timeout = attemptLimit(of: step) {
            let time = now.advanced(byNanoseconds: timeout.nanoseconds)
            activeSteps[step]?.deadline = time
            activeSteps[step]?.limitAt = time
            setDeadline(time, of: .step(step))
        }
        startSilenceClock(of: step, now)
    }

    /// Starts the limit of silence of a step.
    mutating func startSilenceClock(of step: Int, _ now: RunTime) {
        if let silence = plan.idleTimeout(of: step) {
            setIdleDeadline(now.advanced(byNanoseconds: silence.nanoseconds), of: step)
        }
    }

    /// Fails a running step by a decision of stepvisor: it is stopped, and ends with this reason.
    mutating func fail(_ step: Int, _ reason: StepReason, _ effects: inout Effects) {
        guard states[step] == .running, let active = activeSteps[step], active.stage == .none else {
            return
        }
        activeSteps[step]?.cause = reason
        terminate(step, reason, &effects)
    }

    // MARK: - Silence

    private mutating func setIdleDeadline(_ time: RunTime, of step: Int) {
        activeSteps[step]?.idleAt = time
        setDeadline(time, of: .idle(step))
    }

    /// A step may have been silent for too long: the shell is asked.
    mutating func idleMayBeOver(_ step: Int, _ effects: inout Effects) {
        activeSteps[step]?.idleAt = nil
        guard let active = activeSteps[step], states[step] == .running, active.stage == .none else {
            return
        }
        activeSteps[step]?.isAskedForOutput = true
        effects.act(.checkOutput(step: step))
    }

    mutating func output(_ step: Int, at last: RunTime, _ effects: inout Effects) {
        guard let active = activeSteps[step], active.isAskedForOutput else { return }
        activeSteps[step]?.isAskedForOutput = false
        guard let limit = plan.idleTimeout(of: step), states[step] == .running,
            active.stage == .none
        else { return }
        let last = min(last, effects.now)
        let due = last.advanced(byNanoseconds: limit.nanoseconds)
            .advanced(byNanoseconds: suspendedTime(since: last))
        if due <= effects.now {
            fail(step, .timedOut(.idle, limitMilliseconds: limit.value), &effects)
        } else {
            setIdleDeadline(due, of: step)
        }
    }

    mutating func wantsTerminal(_ step: Int, _ signal: Int32, _ effects: inout Effects) {
        fail(step, .wantedTerminal(signal), &effects)
    }

    // MARK: - The run

    mutating func startRunClock(_ now: RunTime) {
        guard let limit = plan.runLimit else { return }
        let time = now.advanced(byNanoseconds: limit.nanoseconds)
        runLimitAt = time
        setDeadline(time, of: .run)
    }

    /// The run has exceeded its limit: nothing more starts, and running steps are stopped.
    mutating func runIsOver(_ effects: inout Effects) {
        runLimitAt = nil
        guard let limit = plan.runLimit, !stop.stopsRunning, unfinishedCount > 0 else { return }
        hasFailed = true
        effects.record(.limitReached(.run, limitMilliseconds: limit.value))
        if finalizers.hasBegun {
            hurryFinalizers(effects.now)
            return
        }
        stop.limit = limit
        applyStopToAll(&effects)
    }

    // MARK: - Suspension

    /// stepvisor and its steps were suspended: that time counts against no limit.
    mutating func resumed(after nanoseconds: Int64, _ effects: inout Effects) {
        let length = max(0, nanoseconds)
        effects.record(.resumed(after: length))
        guard length > 0 else { return }
        standstills.append(Suspension(end: effects.now, length: length))
        deadlines.shift(by: length)
        for step in activeSteps.keys { activeSteps[step]?.shift(by: length) }
        pool.shift(by: length)
        attempts.shift(by: length)
        throttles.shift(by: length)
        breakers.shift(by: length)
        barriers.shift(by: length)
        launches.pausedUntil = launches.pausedUntil?.advanced(byNanoseconds: length)
        runLimitAt = runLimitAt?.advanced(byNanoseconds: length)
    }

    /// Nanoseconds since a time that count against no limit.
    private func suspendedTime(since moment: RunTime) -> Int64 {
        standstills.reduce(0) { sum, still in
            saturatingSum(sum, min(still.length, max(0, still.end - moment)))
        }
    }
}

/// A time during which the run was suspended.
struct Suspension: Sendable {
    let end: RunTime
    /// Nanoseconds.
    let length: Int64
}

extension ActiveStep {
    mutating func shift(by nanoseconds: Int64) {
        deadline = deadline?.advanced(byNanoseconds: nanoseconds)
        limitAt = limitAt?.advanced(byNanoseconds: nanoseconds)
        idleAt = idleAt?.advanced(byNanoseconds: nanoseconds)
        killAt = killAt?.advanced(byNanoseconds: nanoseconds)
    }
}
