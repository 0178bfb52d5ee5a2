/// The status of a step; the raw values appear in `progress.json`.
public enum StepStatus: String, Hashable, Sendable, CaseIterable {
    /// Not started, and may still be.
    case pending
    /// Launched and not ended.
    case running
    /// Succeeded.
    case complete
    /// Failed, or could not be started.
    case failed
    /// Ended after a stop of the run had begun.
    case aborted
    /// Did not run, and will not in this run.
    case skipped
    /// Its outputs were restored instead.
    case cached

    /// Whether nothing more happens to the step in this run.
    public var isFinal: Bool { self != .pending && self != .running }
}

/// A kind of time limit.
public enum TimeoutKind: String, Hashable, Sendable, CaseIterable {
    /// The limit of one attempt.
    case attempt
    /// The limit without output.
    case idle
    /// The limit of a phase.
    case phase
    /// The limit of the run.
    case run
}

/// Why a step has its status.
public enum StepReason: Hashable, Sendable {
    /// Its leader exited with this code.
    case exited(Int32)
    /// A signal that stepvisor did not send ended it.
    case signalled(Int32, coreDumped: Bool)
    /// It could not be started: the system's message, and what to do about it.
    case notStarted(String)
    /// It reached a limit, given in milliseconds.
    case timedOut(TimeoutKind, limitMilliseconds: Int64)
    /// Processes outlived it, with `leftovers = "fail"`.
    case leftProcesses(Int)
    /// A dependency did not succeed: index into the run's steps.
    case dependencyFailed(Int)
    /// A critical step failed: its index.
    case halted(by: Int)
    /// A critical step of its group (the name) failed, which halts that group alone: its index.
    case groupHalted(String, by: Int)
    /// This many steps in a row failed.
    case failuresInARow(Int)
    /// The run stopped for a decision about this step: its index.
    case awaitsReview(of: Int)
    /// A person made this decision about it.
    case decided(ReviewDecision)
    /// Its condition is false: the expression, and the values that it used.
    case conditionFalse(String, values: String)
    /// Its condition cannot be evaluated: the expression, and why.
    case conditionError(String, message: String)
    /// Its log does not contain this `success_pattern`.
    case successPatternMissing(String)
    /// Its `verify` command failed with this status.
    case verifyFailed(ExitStatus)
    /// The circuit breaker of this resource is open.
    case breakerOpen(resource: String)
    /// The run was stopped by this signal.
    case interrupted(Int32)
    /// stepvisor itself could not continue and stopped the run: why, in short.
    case faulted(String)
    /// It was stopped for reading from the terminal (TTIN) or writing to it (TTOU).
    case wantedTerminal(Int32)
    /// These processes of its group still existed long after KILL.
    case unkillable([Int32])
    /// These patterns of its declared outputs matched no file when it had ended.
    case outputsMissing([String])
    /// It succeeded in an earlier run, and nothing that it depends on has changed since.
    indirect case doneEarlier(run: String, basis: StepBasis?)
    /// Its last success, in this run, is still up to date.
    case upToDate(run: String)
    /// None of its inputs differs from this git revision.
    case unchanged(since: String)
    /// The result that this run had produced from the same inputs was restored.
    case restored(run: String)
    /// The command line excluded it.
    case notSelected
    /// A reason that a newer version wrote.
    case other(String)
}

/// The status of a run; the raw values appear in `progress.json`.
public enum RunStatus: String, Hashable, Sendable, CaseIterable {
    case running, complete, failed, aborted, review
    /// Derived: the stepvisor process died before it could write an end.
    case interrupted
}

/// The method that an attempt used.
public enum StepMethod: Hashable, Sendable, CustomStringConvertible {
    case primary
    /// A backup, counted from 1.
    case backup(Int)

    /// `primary` or `backup[1]`, as in `progress.json` and the step's environment.
    public var description: String {
        switch self {
        case .primary: "primary"
        case .backup(let number): "backup[\(number)]"
        }
    }
}
