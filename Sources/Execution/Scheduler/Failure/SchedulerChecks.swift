import WorkflowModel

/// Checks: a step's `verify` command, run inside the attempt that it is to confirm.
///
/// The attempt's own exit and cost stay what is recorded of it. Limits, silence, stops and leftovers
/// concern the command as they do the step itself, and the attempt's time goes on over it.
extension Scheduler {
    /// The step's work went well: its `verify` command is to say so too.
    mutating func launchCheck(_ step: Int, _ turn: inout Effects) {
        guard let flight = flights[step] else { return }
        states.move(step, to: .launching)
        flights[step]?.beginCheck()
        turn.act(.launchCheck(step: step, execution: flight.execution))
    }

    /// The check's process exists.
    mutating func checkStarted(_ step: Int, _ pid: Int32, _ startTicks: UInt64, _ turn: inout Effects)
    {
        turn.record(.checkStarted(step: step, pid: pid, startTicks: startTicks))
        if let limit = flights[step]?.limitAt {
            flights[step]?.deadline = limit
            setDeadline(limit, of: .step(step))
        }
        startSilenceClock(of: step, turn.now)
    }

    mutating func checkNotStarted(_ step: Int, _ message: String, _ turn: inout Effects) {
        guard let flight = flights[step] else { return }
        let reason = StepReason.notStarted("its `verify` command: \(message)")
        conclude(
            step,
            StepEnd(status: .failed, reason: reason, exit: flight.exit, usage: flight.usage),
            &turn)
    }

    /// The system had nothing to start the check with: the check alone is tried again.
    ///
    /// What it is to confirm is done and is not done again: the step keeps what it holds.
    mutating func checkDeferred(_ step: Int, _ message: String, _ turn: inout Effects) {
        guard let flight = flights[step] else { return }
        guard mayStillCheck(step, &turn) else { return }
        guard flight.checkTries < LaunchState.mostTries else {
            checkNotStarted(step, message, &turn)
            return
        }
        let delay = min(LaunchState.longestHold, LaunchState.firstHold << Int64(flight.checkTries))
        let time = turn.now.advanced(byNanoseconds: delay * 1_000_000)
        states.move(step, to: .verifying)
        flights[step]?.checkTries += 1
        flights[step]?.deadline = time
        setDeadline(time, of: .step(step))
    }

    /// A check that could not be started is tried again.
    mutating func retryCheck(_ step: Int, _ turn: inout Effects) {
        guard flights[step]?.isChecking == true, mayStillCheck(step, &turn) else { return }
        launchCheck(step, &turn)
    }

    /// Ends a step whose check is put off and is of no use any more.
    private mutating func mayStillCheck(_ step: Int, _ turn: inout Effects) -> Bool {
        guard let flight = flights[step] else { return false }
        var end = outcome(of: step, flight)
        if let reason = overduePhase(of: step) {
            end.status = .failed
            end.reason = reason
        } else if abortReason(of: step) == nil {
            return true
        }
        conclude(step, end, &turn)
        return false
    }

    /// A stop ends steps at once that have nothing but a check left to start.
    mutating func stopPutOffCheck(_ step: Int, _ turn: inout Effects) {
        guard states[step] == .verifying, flights[step]?.isChecking == true,
            abortReason(of: step) != nil
        else { return }
        _ = mayStillCheck(step, &turn)
    }
}

extension ActiveStep {
    /// Forgets what concerned the processes of the work, which are gone.
    fileprivate mutating func beginCheck() {
        isChecking = true
        stage = .none
        deadline = nil
        killAt = nil
        idleAt = nil
        isAskedForOutput = false
        pid = 0
        leftovers = []
    }
}
