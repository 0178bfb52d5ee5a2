import WorkflowModel

/// Why and how far a run is being stopped.
struct StopState: Sendable {
    /// The step whose failure halted the run.
    var haltedBy: Int?
    /// The number of failures in a row, if `failure_threshold` halted the run.
    var failuresInARow: Int?
    /// The first step about which nobody could be asked.
    var awaitsReviewOf: Int?
    /// Whether the halt stops running steps.
    var haltStopsRunning = false
    /// The limit of the run, once it has been reached.
    var limit: Milliseconds?
    /// The first signal.
    var signal: Int32?
    /// Why the shell could not continue.
    var fault: RunFault?
    /// Whether a limit or a signal had stopped the run before the fault.
    var faultCameLater = false
    /// How many signals came; a fault counts as one, so that each further signal shortens the
    /// grace.
    var signals = 0

    /// Whether nothing more starts.
    var isStopping: Bool {
        haltedBy != nil || limit != nil || signal != nil || fault != nil || awaitsReviewOf != nil
    }

    /// Whether the run stops only because a decision is missing.
    var isReviewAwaited: Bool {
        awaitsReviewOf != nil && limit == nil && signal == nil && fault == nil
    }

    /// Whether running steps are stopped too.
    var stopsRunning: Bool { abortReason != nil }

    private var haltReason: StepReason? {
        haltedBy.map { step in
            failuresInARow.map { .failuresInARow($0) } ?? .halted(by: step)
        }
    }

    private var limitReason: StepReason? {
        limit.map { .timedOut(.run, limitMilliseconds: $0.value) }
    }

    /// A limit, a signal or a fault, whichever came first.
    private var outerReason: StepReason? {
        let faultReason = fault.map { StepReason.faulted($0.reason) }
        let other = limitReason ?? signal.map { .interrupted($0) }
        return faultCameLater ? other ?? faultReason : faultReason ?? other
    }

    /// Why a step that ends now counts as aborted; nil when its own result counts.
    var abortReason: StepReason? {
        if haltStopsRunning, let haltReason { return haltReason }
        return outerReason
    }

    /// Why a step that has not started never will; nil when it may.
    var skipReason: StepReason? {
        haltReason ?? outerReason ?? awaitsReviewOf.map { .awaitsReview(of: $0) }
    }
}

/// Stopping: leftovers, halts and signals, each in stages that end with KILL.
extension Scheduler {
    /// Time before KILL after a second signal, in nanoseconds.
    private static var hurriedGrace: Int64 { 1_000_000_000 }

    // MARK: - Causes

    mutating func signalled(_ signal: Int32, _ effects: inout Effects) {
        stop.signals += 1
        if stop.signal == nil {
            stop.signal = signal
            effects.record(.stopping(signal: signal))
        }
        applyStopToAll(&effects)
    }

    /// The shell cannot continue: running steps are stopped as by TERM, with a reason of its own.
    mutating func faulted(_ fault: RunFault, _ effects: inout Effects) {
        guard stop.fault == nil else { return }
        stop.faultCameLater = stop.limit != nil || stop.signal != nil
        stop.fault = fault
        stop.signals += 1
        effects.record(.faulted(fault))
        applyStopToAll(&effects)
    }

    /// Halts the run: a critical step has failed, or too many in a row, this one last.
    mutating func halt(by step: Int, inARow failures: Int? = nil, _ effects: inout Effects) {
        guard !stop.isStopping else { return }
        stop.haltedBy = step
        stop.failuresInARow = failures
        stop.haltStopsRunning = !plan.isOptimistic
        effects.record(.halting(step: step))
        applyStopToAll(&effects)
    }

    /// Stops the leftovers of a group whose leader has exited, before the step ends.
    mutating func settle(_ step: Int, _ leftovers: [Leftover], _ effects: inout Effects) {
        guard let active = activeSteps[step] else { return }
        states.move(step, to: .settling)
        if active.stage == .none, plan.traits[step].contains(.warnsOfLeftovers) {
            effects.record(.warning(step: step, "left \(leftovers.summary): stopped now"))
        }
        switch active.stage {
        case .none: terminate(step, .leftProcesses(leftovers.count), &effects)
        case .interrupted: terminate(step, stopReason(of: step), &effects)
        case .terminated, .killed: break
        }
    }

    mutating func applyStopToAll(_ effects: inout Effects) {
        if !reviews.isEmpty { withdrawReviews(&effects) }
        for step in activeSteps.keys.sorted() {
            applyStop(to: step, &effects)
            stopPutOffCheck(step, &effects)
        }
        endResting(&effects)
    }

    /// Applies the current stage of the stop to a step with a process.
    mutating func applyStop(to step: Int, _ effects: inout Effects) {
        guard let active = activeSteps[step], let state = states[step],
            state != .acquiring && state != .examining && state != .launching
                && state != .verifying
        else { return }
        switch stop.signals {
        case 0:
            if active.stage == .none, let reason = abortReason(of: step) {
                terminate(step, reason, &effects)
            }
        case 1:
            guard active.stage == .none else { return }
            if let signal = stop.signal,
                signal == SignalNumber.interrupt || signal == SignalNumber.hangup
            {
                interrupt(step, signal, &effects)
            } else {
                terminate(step, stopReason(of: step), &effects)
            }
        case 2:
            guard active.stage < .killed else { return }
            let soon = effects.now.advanced(byNanoseconds: Self.hurriedGrace)
            let latest = active.killAt ?? end(ofGraceFor: step, effects.now)
            activeSteps[step]?.killAt = min(soon, latest)
            terminate(step, stopReason(of: step), &effects)
        default:
            if active.stage < .killed { kill(step, &effects) }
        }
    }

    private func stopReason(of step: Int) -> StepReason {
        abortReason(of: step) ?? .other("stopped")
    }

    private func end(ofGraceFor step: Int, _ now: RunTime) -> RunTime {
        now.advanced(byNanoseconds: plan.grace(of: step).nanoseconds)
    }

    // MARK: - The stages

    /// Handles a step's deadline: its limit, or the end of a stage.
    mutating func stageIsOver(_ step: Int, _ effects: inout Effects) {
        guard let active = activeSteps[step] else { return }
        guard states[step] != .verifying else {
            retryCheck(step, &effects)
            return
        }
        switch active.stage {
        case .none:
            guard let limit = attemptLimit(of: step) else { return }
            fail(step, .timedOut(.attempt, limitMilliseconds: limit.value), &effects)
        case .interrupted: terminate(step, stopReason(of: step), &effects)
        case .terminated: kill(step, &effects)
        case .killed: abandon(step, &effects)
        }
    }

    /// Passes on INT or HUP; TERM follows after half the grace.
    private mutating func interrupt(_ step: Int, _ signal: Int32, _ effects: inout Effects) {
        effects.record(.terminating(step: step, signal: signal, reason: stopReason(of: step)))
        effects.act(.signalGroup(step: step, signal: signal))
        states.move(step, to: .terminating)
        activeSteps[step]?.stage = .interrupted
        let killAt = end(ofGraceFor: step, effects.now)
        activeSteps[step]?.killAt = killAt
        let half = plan.grace(of: step).nanoseconds / 2
        setStage(step, until: effects.now.advanced(byNanoseconds: half))
    }

    /// Sends TERM; KILL follows at the end of the current grace, or of a new one.
    mutating func terminate(_ step: Int, _ reason: StepReason, _ effects: inout Effects) {
        effects.record(.terminating(step: step, signal: SignalNumber.terminate, reason: reason))
        effects.act(.signalGroup(step: step, signal: SignalNumber.terminate))
        states.move(step, to: .terminating)
        let killAt = activeSteps[step]?.killAt ?? end(ofGraceFor: step, effects.now)
        activeSteps[step]?.stage = .terminated
        activeSteps[step]?.killAt = killAt
        setStage(step, until: killAt)
    }

    private mutating func kill(_ step: Int, _ effects: inout Effects) {
        effects.record(.killed(step: step))
        effects.act(.signalGroup(step: step, signal: SignalNumber.kill))
        states.move(step, to: .terminating)
        activeSteps[step]?.stage = .killed
        setStage(step, until: effects.now.advanced(byNanoseconds: Self.killPatience))
    }

    private mutating func setStage(_ step: Int, until time: RunTime) {
        activeSteps[step]?.deadline = time
        setDeadline(time, of: .step(step))
    }
}
