/// The inputs of the ``Scheduler``, from the shell.
public enum SchedulerInput: Hashable, Sendable {
    /// The run begins: nothing is running.
    case begin
    /// All locks of a step were acquired.
    case locksAcquired(step: Int)
    /// No lock of the step was acquired, because this one has another holder.
    case locksBusy(step: Int, holder: LockHolder)
    /// The process of a launch exists.
    case started(step: Int, pid: Int32, startTicks: UInt64, basis: StepBasis? = nil)
    /// A launch failed for good, with this system message.
    case notStarted(step: Int, message: String)
    /// A launch failed for lack of a resource that may become free again (EAGAIN, ENOMEM,
    /// descriptors).
    case launchDeferred(step: Int, message: String)
    /// The leader has exited. With empty `leftovers` its group is empty too, and the step has
    /// ended. `escaped` are processes that have left the group; they are searched for only if the
    /// step's policy requires it.
    case leaderExited(
        step: Int, exit: ExitStatus, usage: ResourceUsage?, leftovers: [Leftover],
        escaped: [Leftover] = [])
    /// The last of a leader's leftovers, for which its step waits, has ended.
    case groupEmptied(step: Int)
    /// When the output of a step last grew; its start time when it never did.
    case output(step: Int, at: RunTime)
    /// The checks of an ended attempt: the answer to ``SchedulerAction/verify(step:_:)``.
    case verified(step: Int, Verification)
    /// The result of a step's condition.
    case conditionEvaluated(step: Int, ConditionOutcome)
    /// A person's decision about a failed step.
    case decided(step: Int, ReviewDecision)
    /// The result of examining a step: the answer to ``SchedulerAction/examine(step:)``.
    case examined(step: Int, Examination)
    /// A process of the step's group was stopped for using the terminal, by TTIN or TTOU.
    case wantsTerminal(step: Int, signal: Int32)
    /// stepvisor and its steps were suspended for this many nanoseconds up to now.
    case resumed(after: Int64)
    /// The run must stop: INT, TERM or HUP.
    case signal(Int32)
    /// The run must stop: the shell itself cannot continue.
    case faulted(RunFault)
    /// ``Scheduler/nextDeadline`` has come, or may have.
    case tick
}

/// The actions that the ``Scheduler`` requests from the shell, to be performed in order.
public enum SchedulerAction: Hashable, Sendable {
    /// Write a fact to the journal.
    case record(RunEvent.Kind)
    /// Try to take all locks of a step, or none, without waiting; answer `locksAcquired` or
    /// `locksBusy`.
    case acquireLocks(step: Int)
    /// Release the locks of a step.
    case releaseLocks(step: Int)
    /// Start a step; answer `started`, `notStarted` or `launchDeferred`.
    ///
    /// `failed`: dependencies that did not succeed, which the step is told about.
    case launch(step: Int, attempt: Int, method: StepMethod, execution: Int, failed: [Int] = [])
    /// Start a step's `verify` command as part of the running attempt; same answers as for
    /// `launch`.
    case launchCheck(step: Int, execution: Int)
    /// Check whether a step has to run, or restore its cached result; answer `examined`.
    case examine(step: Int)
    /// Evaluate a step's condition; answer `conditionEvaluated`.
    case evaluateCondition(step: Int)
    /// Ask a person about a failed step; answer `decided`, unless the question is withdrawn before.
    case askReview(step: Int, choices: [ReviewDecision])
    /// Withdraw the question: the run stops.
    case withdrawReview(step: Int)
    /// Send a signal to a step's process group; TERM is followed by CONT.
    case signalGroup(step: Int, signal: Int32)
    /// Find out when the output of a step last grew; answer `output`.
    case checkOutput(step: Int)
    /// Check the files of an ended attempt; answer `verified`.
    case verify(step: Int, VerificationRequest)
    /// Stop watching the step's processes, which cannot be killed; its locks stay taken.
    case abandon(step: Int)
    /// The run is over; no step runs.
    case finish(RunStatus)
}
