import WorkflowModel

/// Checks: a step's `verify` command, run inside the attempt that it is to confirm.
///
/// The attempt's own exit and cost stay what is recorded of it. Limits, silence, stops and leftovers
/// concern the command as they do the step itself, and the attempt's time goes on over it.
extension Scheduler {
    /// The step's work went well: its `verify` command is to say so too.
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

    /// The system had nothing to start the check with: the check alone is tried again.
    ///
    /// What it is to confirm is done and is not done again: the step keeps what it holds.
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

    /// A check that could not be started is tried again.
    mutating func retryCheck(_ step: Int, _ effects: inout Effects) {
        guard activeSteps[step]?.isChecking == true, mayStillCheck(step, &effects) else { return }
        launchCheck(step, &effects)
    }

    /// Ends a step whose check is put off and is of no use any more.
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

    /// A stop ends steps at once that have nothing but a check left to start.
    mutating func stopPutOffCheck(_ step: Int, _ effects: inout Effects) {
        guard states[step] == .verifying, activeSteps[step]?.isChecking == true,
            abortReason(of: step) != nil
        else { return }
        _ = mayStillCheck(step, &effects)
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
