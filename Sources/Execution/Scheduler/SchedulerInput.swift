/// What the shell tells the ``Scheduler``.
public enum SchedulerInput: Hashable, Sendable {
    /// Begin: nothing is running.
    case begin
    /// The locks of a step are all taken.
    case locksAcquired(step: Int)
    /// Not one lock of the step was taken, because somebody else holds this one.
    case locksBusy(step: Int, holder: LockHolder)
    /// The process of a launch exists.
    case started(step: Int, pid: Int32, startTicks: UInt64, basis: StepBasis? = nil)
    /// A launch failed for good: what the system said.
    case notStarted(step: Int, message: String)
    /// A launch failed for want of something that comes back (EAGAIN, ENOMEM, descriptors).
    case launchDeferred(step: Int, message: String)
    /// The leader has exited. Empty `leftovers`: its group is empty too, and the step has ended.
    /// `escaped` has left the group, and is looked for only where the step's policy asks for it.
    case leaderExited(
        step: Int, exit: ExitStatus, usage: ResourceUsage?, leftovers: [Leftover],
        escaped: [Leftover] = [])
    /// The last process that a leader had left behind, and that its step waits for, is gone.
    case groupEmptied(step: Int)
    /// When the output of a step last grew: its start when it never did.
    case output(step: Int, at: RunTime)
    /// What an ended attempt left behind, as ``SchedulerAction/verify(step:_:)`` asked.
    case verified(step: Int, Verification)
    /// What a step's condition came to.
    case conditionEvaluated(step: Int, ConditionOutcome)
    /// What a person decided about a step that failed.
    case decided(step: Int, ReviewDecision)
    /// What a look at a step said, as ``SchedulerAction/examine(step:)`` asked.
    case examined(step: Int, Examination)
    /// A process of the step's group was stopped for the terminal: by TTIN or TTOU.
    case wantsTerminal(step: Int, signal: Int32)
    /// stepvisor and its steps were stopped for so many nanoseconds up to now.
    case resumed(after: Int64)
    /// The run is to stop: INT, TERM or HUP.
    case signal(Int32)
    /// The run is to stop: the shell itself cannot go on.
    case faulted(RunFault)
    /// ``Scheduler/nextDeadline`` has come, or may have.
    case tick
}

/// What the ``Scheduler`` tells the shell to do, in this order.
public enum SchedulerAction: Hashable, Sendable {
    /// Write a fact to the journal.
    case record(RunEvent.Kind)
    /// Try to take all locks of a step, or none, without waiting; answer `locksAcquired` or
    /// `locksBusy`.
    case acquireLocks(step: Int)
    /// Give back the locks of a step.
    case releaseLocks(step: Int)
    /// Start a step; answer `started`, `notStarted` or `launchDeferred`.
    ///
    /// `failed`: steps that it needs and that did not end well, which it is told of.
    case launch(step: Int, attempt: Int, method: StepMethod, execution: Int, failed: [Int] = [])
    /// Start a step's `verify` command, as part of the attempt that runs; answer as to `launch`.
    case launchCheck(step: Int, execution: Int)
    /// See whether a step has to run, or put its kept result in place; answer `examined`.
    case examine(step: Int)
    /// Evaluate a step's condition; answer `conditionEvaluated`.
    case evaluateCondition(step: Int)
    /// Ask a person about a step that failed; answer `decided`, unless it is withdrawn before.
    case askReview(step: Int, choices: [ReviewDecision])
    /// The question is of no use any more: the run stops.
    case withdrawReview(step: Int)
    /// Send a signal to a step's process group; TERM is followed by CONT.
    case signalGroup(step: Int, signal: Int32)
    /// Say when the output of a step last grew: answer `output`.
    case checkOutput(step: Int)
    /// Look at what an ended attempt left behind: answer `verified`.
    case verify(step: Int, VerificationRequest)
    /// Watch the step's processes no longer, since they cannot be killed; its locks stay taken.
    case abandon(step: Int)
    /// The run is over; no step runs.
    case finish(RunStatus)
}
