public import WorkflowModel

/// What the command line asks of a run.
public struct RunOptions: Hashable, Sendable {
    /// Steps named: they and what they depend on run; empty for all.
    public var targets: [StepID] = []
    /// `--only`: these run, and nothing else.
    public var only: [StepID] = []
    /// `--from`: this and what depends on it.
    public var from: [StepID] = []
    /// `--until`: this and what it depends on.
    public var until: [StepID] = []
    /// `--skip`: these count as skipped, and their dependents run.
    public var skip: [StepID] = []
    /// `--parallel`, or `-j`.
    public var parallel = false
    /// `-j N`.
    public var jobs: Int?
    /// Number of processors, for the default limit.
    public var processors = 1
    /// `-k`.
    public var keepGoing = false
    /// `--timeout`.
    public var timeout: Milliseconds?
    /// `--grace`.
    public var grace: Milliseconds?
    /// `--barriers`.
    public var barriers = false
    /// `--runner`.
    public var runner: Command?

    /// A plain sequential run of everything.
    public init() {}
}
