import WorkflowModel

/// Checks: a step's `verify` command, which runs as part of the attempt that it verifies.
///
/// The exit status and resource usage on record remain those of the attempt. Limits, silence, stops
/// and leftovers apply to the command as they do to the step, and the attempt's time limit includes
/// it.
extension Scheduler {
    /// The attempt succeeded: starts its `verify` command.
    mutating func launchCheck(_ step: Int, _ effects: inout Effects) {
        guard let active = activeSteps[step] else { return }
        states.move(step, to: .launching)
        activeSteps[step]?.beginCheck()
        effects.act(.launchCheck(step: step, execution: active.execution))
    }

    /// The check's process exists.
    mutating func checkStarted(
        _ step: Int, _ pid: Int32, _ startTicks: UInt64, _ effects: inout Effects
    ) {
        effects.record(.checkStarted(step: step, pid: pid, startTicks: startTicks))
        if let limit = activeSteps[step]?.limitAt {
            activeSteps[step]?.deadline = limit
            setDeadline(limit, of: .step(step))
        }
        startSilenceClock(of: step, effects.now)
    }

    mutating func checkNotStarted(_ step: Int, _ message: String, _ effects: inout Effects) {
        guard let active = activeSteps[step] else { return }
        let reason = StepReason.notStarted("its `verify` command: \(message)")
        conclude(
            step,
            StepEnd(status: .failed, reason: reason, exit: active.exit, usage: active.usage),
            &effects)
    }

    /// The system lacked resources to start the check: tries only the check again.
    ///
    /// The work that it verifies is not repeated, and the step keeps what it holds.
    mutating func checkDeferred(_ step: Int, _ message: String, _ effects: inout Effects) {
        guard let active = activeSteps[step] else { return }
        guard mayStillCheck(step, &effects) else { return }
        guard active.checkTries < LaunchState.maxTries else {
            checkNotStarted(step, message, &effects)
            return
        }
        let delay = min(LaunchState.longestHold, LaunchState.firstHold << Int64(active.checkTries))
        let time = effects.now.advanced(byNanoseconds: delay * 1_000_000)
        states.move(step, to: .verifying)
        activeSteps[step]?.checkTries += 1
        activeSteps[step]?.deadline = time
        setDeadline(time, of: .step(step))
    }

    /// Tries again to start a check.
    mutating func retryCheck(_ step: Int, _ effects: inout Effects) {
        guard activeSteps[step]?.isChecking == true, mayStillCheck(step, &effects) else { return }
        launchCheck(step, &effects)
    }

    /// Whether a deferred check may still start; ends the step when it may not.
    private mutating func mayStillCheck(_ step: Int, _ effects: inout Effects) -> Bool {
        guard let active = activeSteps[step] else { return false }
        var end = outcome(of: step, active)
        if let reason = overduePhase(of: step) {
            end.status = .failed
            end.reason = reason
        } else if abortReason(of: step) == nil {
            return true
        }
        conclude(step, end, &effects)
        return false
    }

    /// Ends a step at once when the run stops and only its check is left to start.
    mutating func stopPutOffCheck(_ step: Int, _ effects: inout Effects) {
        guard states[step] == .verifying, activeSteps[step]?.isChecking == true,
            abortReason(of: step) != nil
        else { return }
        _ = mayStillCheck(step, &effects)
    }
}

extension ActiveStep {
    /// Resets what concerned the processes of the attempt, which have ended.
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
