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
    /// False where the plan is only looked at: steps that nothing starts are noted then.
    public var needsCommands = true

    /// Whether somebody can be asked about failures: a terminal is there.
    public var canAsk = false
    /// `--decide`: what is to become of steps that failed in the run that is gone on with.
    public var decisions: [StepDecision] = []
    /// `--shuffle`, `--replay`: in which order steps start that could start at once.
    public var startOrder = StartOrderChoice.byPath
    /// `--smart-execution`, `--since`: what steps are compared with, to skip what has not changed.
    public var smart = SmartChoice.off
    /// `--cache`: kept results are put in place where they fit.
    public var usesCache = false
    /// `--force`: what is up to date runs all the same.
    public var isForced = false
    /// What the spread of retry delays is drawn from.
    public var seed: UInt64 = 0

    /// A plain sequential run of everything.
    public init() {}

    /// Whether anything narrows down which steps are meant.
    public var narrowsSteps: Bool {
        !(targets.isEmpty && only.isEmpty && from.isEmpty && until.isEmpty && skip.isEmpty)
    }
}

/// One `--decide STEP=WORD`.
public struct StepDecision: Hashable, Sendable {
    /// The step.
    public var step: StepID
    /// What is to become of it.
    public var decision: ReviewDecision

    /// A decision about a step.
    public init(_ step: StepID, _ decision: ReviewDecision) {
        self.step = step
        self.decision = decision
    }
}

/// In which order steps start that could start at once.
public enum StartOrderChoice: Hashable, Sendable {
    /// As declared, or under `--parallel` the longest remaining path first.
    case byPath
    /// In a random order, drawn from this seed.
    case shuffled(seed: UInt64)
    /// Only these, one after another in this order: that of a recorded run.
    case replay(run: String, steps: [StepID])
}
