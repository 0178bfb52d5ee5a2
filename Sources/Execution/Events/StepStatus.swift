/// Where a step stands; the words of `progress.json`.
public enum StepStatus: String, Hashable, Sendable, CaseIterable {
    /// Not started, and it still may be.
    case pending
    /// Launched and not yet ended.
    case running
    /// Ended well.
    case complete
    /// Ended badly, or could not be started.
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

/// Which limit a step ran into.
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

/// Why a step has the status it has.
public enum StepReason: Hashable, Sendable {
    /// Its leader exited with this code.
    case exited(Int32)
    /// A signal that stepvisor did not send ended it.
    case signalled(Int32, coreDumped: Bool)
    /// It could not be started: what the system said, and what to do about it.
    case notStarted(String)
    /// It ran into a limit, of so many milliseconds.
    case timedOut(TimeoutKind, limitMilliseconds: Int64)
    /// Processes outlived it, and `leftovers = "fail"`.
    case leftProcesses(Int)
    /// A step that it needs did not end well: index into the run's steps.
    case dependencyFailed(Int)
    /// A critical step failed: its index.
    case halted(by: Int)
    /// A critical step of its group (the name) failed, which halts that group alone: its index.
    case groupHalted(String, by: Int)
    /// So many steps in a row failed.
    case failuresInARow(Int)
    /// The run stopped for a decision about this step: its index.
    case awaitsReview(of: Int)
    /// A person decided so about it.
    case decided(ReviewDecision)
    /// Its condition does not hold: the expression, and the values that it saw.
    case conditionFalse(String, values: String)
    /// Its condition cannot be evaluated: the expression, and why.
    case conditionError(String, message: String)
    /// Its log does not hold this, its `success_pattern`.
    case successPatternMissing(String)
    /// Its `verify` command ended so.
    case verifyFailed(ExitStatus)
    /// The circuit breaker of this resource is open.
    case breakerOpen(resource: String)
    /// The run was stopped by this signal.
    case interrupted(Int32)
    /// stepvisor itself could not go on and stopped the run: why, in short.
    case faulted(String)
    /// It was stopped for reading from the terminal (TTIN) or writing to it (TTOU).
    case wantedTerminal(Int32)
    /// These processes of its group were there still, long after KILL.
    case unkillable([Int32])
    /// These patterns of its declared outputs matched nothing when it had ended.
    case outputsMissing([String])
    /// It ended well in an earlier run, and nothing that it depends on has changed since.
    indirect case doneEarlier(run: String, basis: StepBasis?)
    /// Its last success, in this run, still holds.
    case upToDate(run: String)
    /// Nothing that it is made from differs from this git revision.
    case unchanged(since: String)
    /// What this run had produced from the same was put in place.
    case restored(run: String)
    /// The command line left it out.
    case notSelected
    /// A reason that a newer version wrote.
    case other(String)
}

/// Where a run stands; the words of `progress.json`.
public enum RunStatus: String, Hashable, Sendable, CaseIterable {
    case running, complete, failed, aborted, review
    /// Derived: stepvisor died before it could write an end.
    case interrupted
}

/// Which way of doing a step an attempt used.
public enum StepMethod: Hashable, Sendable, CustomStringConvertible {
    case primary
    /// A backup, counted from 1.
    case backup(Int)

    /// `primary` or `backup[1]`, as `progress.json` and the step's environment have it.
    public var description: String {
        switch self {
        case .primary: "primary"
        case .backup(let number): "backup[\(number)]"
        }
    }
}
