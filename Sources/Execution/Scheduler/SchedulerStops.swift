import WorkflowModel

/// Why and how far a run is being stopped.
struct StopState: Sendable {
    /// The step whose failure halted the run.
    var haltedBy: Int?
    /// How many failures in a row that was, where `failure_threshold` halted the run.
    var failuresInARow: Int?
    /// The first step about which nobody could be asked.
    var awaitsReviewOf: Int?
    /// Whether the halt stops the steps that run.
    var haltStopsRunning = false
    /// The limit of the run, once it has been reached.
    var limit: Milliseconds?
    /// The first signal.
    var signal: Int32?
    /// What kept the shell from going on.
    var fault: RunFault?
    /// Whether a limit or a signal had stopped the run before that.
    var faultCameLater = false
    /// How many signals came; a fault is one of them, so that each further one hurries.
    var signals = 0

    /// Whether nothing more starts.
    var isStopping: Bool {
        haltedBy != nil || limit != nil || signal != nil || fault != nil || awaitsReviewOf != nil
    }

    /// Whether the run stops for want of a decision, and for nothing else.
    var isReviewAwaited: Bool {
        awaitsReviewOf != nil && limit == nil && signal == nil && fault == nil
    }

    /// Whether what runs is stopped too.
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

    /// Why a step that ends now is aborted; nil when it ends as it does.
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
    /// A second signal leaves so much time before KILL.
    private static var hurriedGrace: Int64 { 1_000_000_000 }

    // MARK: - What begins it

    mutating func signalled(_ signal: Int32, _ turn: inout Effects) {
        stop.signals += 1
        if stop.signal == nil {
            stop.signal = signal
            turn.record(.stopping(signal: signal))
        }
        applyStopToAll(&turn)
    }

    /// The shell cannot go on: what runs is stopped as by TERM, for a reason of its own.
    mutating func faulted(_ fault: RunFault, _ turn: inout Effects) {
        guard stop.fault == nil else { return }
        stop.faultCameLater = stop.limit != nil || stop.signal != nil
        stop.fault = fault
        stop.signals += 1
        turn.record(.faulted(fault))
        applyStopToAll(&turn)
    }

    /// A critical step has failed, or too many in a row, this one last.
    mutating func halt(by step: Int, inARow failures: Int? = nil, _ turn: inout Effects) {
        guard !stop.isStopping else { return }
        stop.haltedBy = step
        stop.failuresInARow = failures
        stop.haltStopsRunning = !plan.isOptimistic
        turn.record(.halting(step: step))
        applyStopToAll(&turn)
    }

    /// The leader is gone, others of its group are not: they are stopped before the step ends.
    mutating func settle(_ step: Int, _ leftovers: [Leftover], _ turn: inout Effects) {
        guard let flight = flights[step] else { return }
        states.move(step, to: .settling)
        if flight.stage == .none, plan.traits[step].contains(.warnsOfLeftovers) {
            turn.record(.warning(step: step, "left \(leftovers.summary): stopped now"))
        }
        switch flight.stage {
        case .none: terminate(step, .leftProcesses(leftovers.count), &turn)
        case .interrupted: terminate(step, stopReason(of: step), &turn)
        case .terminated, .killed: break
        }
    }

    mutating func applyStopToAll(_ turn: inout Effects) {
        if !reviews.isEmpty { withdrawReviews(&turn) }
        for step in flights.keys.sorted() {
            applyStop(to: step, &turn)
            stopPutOffCheck(step, &turn)
        }
        endResting(&turn)
    }

    /// Sends a step that has a process what the stop has come to.
    mutating func applyStop(to step: Int, _ turn: inout Effects) {
        guard let flight = flights[step], let state = states[step],
            state != .acquiring && state != .examining && state != .launching
                && state != .verifying
        else { return }
        switch stop.signals {
        case 0:
            if flight.stage == .none, let reason = abortReason(of: step) {
                terminate(step, reason, &turn)
            }
        case 1:
            guard flight.stage == .none else { return }
            if let signal = stop.signal,
                signal == SignalNumber.interrupt || signal == SignalNumber.hangup
            {
                interrupt(step, signal, &turn)
            } else {
                terminate(step, stopReason(of: step), &turn)
            }
        case 2:
            guard flight.stage < .killed else { return }
            let soon = turn.now.advanced(byNanoseconds: Self.hurriedGrace)
            let latest = flight.killAt ?? end(ofGraceFor: step, turn.now)
            flights[step]?.killAt = min(soon, latest)
            terminate(step, stopReason(of: step), &turn)
        default:
            if flight.stage < .killed { kill(step, &turn) }
        }
    }

    private func stopReason(of step: Int) -> StepReason {
        abortReason(of: step) ?? .other("stopped")
    }

    private func end(ofGraceFor step: Int, _ now: RunTime) -> RunTime {
        now.advanced(byNanoseconds: plan.grace(of: step).nanoseconds)
    }

    // MARK: - The stages

    /// A step's deadline has come: its limit, or the end of a stage.
    mutating func stageIsOver(_ step: Int, _ turn: inout Effects) {
        guard let flight = flights[step] else { return }
        guard states[step] != .verifying else {
            retryCheck(step, &turn)
            return
        }
        switch flight.stage {
        case .none:
            guard let limit = attemptLimit(of: step) else { return }
            fail(step, .timedOut(.attempt, limitMilliseconds: limit.value), &turn)
        case .interrupted: terminate(step, stopReason(of: step), &turn)
        case .terminated: kill(step, &turn)
        case .killed: abandon(step, &turn)
        }
    }

    /// Passes on INT or HUP; TERM follows at half the grace.
    private mutating func interrupt(_ step: Int, _ signal: Int32, _ turn: inout Effects) {
        turn.record(.terminating(step: step, signal: signal, reason: stopReason(of: step)))
        turn.act(.signalGroup(step: step, signal: signal))
        states.move(step, to: .terminating)
        flights[step]?.stage = .interrupted
        let killAt = end(ofGraceFor: step, turn.now)
        flights[step]?.killAt = killAt
        let half = plan.grace(of: step).nanoseconds / 2
        setStage(step, until: turn.now.advanced(byNanoseconds: half))
    }

    /// Sends TERM; KILL follows at the end of the grace that has begun, or of a new one.
    mutating func terminate(_ step: Int, _ reason: StepReason, _ turn: inout Effects) {
        turn.record(.terminating(step: step, signal: SignalNumber.terminate, reason: reason))
        turn.act(.signalGroup(step: step, signal: SignalNumber.terminate))
        states.move(step, to: .terminating)
        let killAt = flights[step]?.killAt ?? end(ofGraceFor: step, turn.now)
        flights[step]?.stage = .terminated
        flights[step]?.killAt = killAt
        setStage(step, until: killAt)
    }

    private mutating func kill(_ step: Int, _ turn: inout Effects) {
        turn.record(.killed(step: step))
        turn.act(.signalGroup(step: step, signal: SignalNumber.kill))
        states.move(step, to: .terminating)
        flights[step]?.stage = .killed
        setStage(step, until: turn.now.advanced(byNanoseconds: Self.killPatience))
    }

    private mutating func setStage(_ step: Int, until time: RunTime) {
        flights[step]?.deadline = time
        setDeadline(time, of: .step(step))
    }
}
