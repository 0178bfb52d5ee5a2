public import WorkflowModel

/// The options of a run.
public struct RunOptions: Hashable, Sendable {
    /// Named steps: they and their dependencies run; empty for all.
    public var targets: [StepID] = []
    /// `--only`: only these run.
    public var only: [StepID] = []
    /// `--from`: these and their dependents.
    public var from: [StepID] = []
    /// `--until`: these and their dependencies.
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
    /// False for a plan that is not run: steps without a command are then only noted.
    public var needsCommands = true

    /// Whether somebody can be asked about failures: there is a terminal.
    public var canAsk = false
    /// `--decide`: decisions about failed steps of the resumed run.
    public var decisions: [StepDecision] = []
    /// `--shuffle`, `--replay`: the order of steps that could start at the same time.
    public var startOrder = StartOrderChoice.byPath
    /// `--smart-execution`, `--since`: what steps are compared with, to skip unchanged ones.
    public var smart = SmartChoice.off
    /// `--cache`: matching results are restored from the cache.
    public var usesCache = false
    /// `--force`: steps run although they are up to date.
    public var isForced = false
    /// The seed of the random spread of retry delays.
    public var seed: UInt64 = 0

    /// A plain sequential run of everything.
    public init() {}

    /// Whether any option restricts which steps are selected.
    public var narrowsSteps: Bool {
        !(targets.isEmpty && only.isEmpty && from.isEmpty && until.isEmpty && skip.isEmpty)
    }
}

/// One `--decide STEP=WORD`.
public struct StepDecision: Hashable, Sendable {
    /// The step.
    public var step: StepID
    /// The decision.
    public var decision: ReviewDecision

    /// A decision about a step.
    public init(_ step: StepID, _ decision: ReviewDecision) {
        self.step = step
        self.decision = decision
    }
}

/// The order of steps that could start at the same time.
public enum StartOrderChoice: Hashable, Sendable {
    /// In declaration order, or under `--parallel` the longest remaining path first.
    case byPath
    /// In a random order with this seed.
    case shuffled(seed: UInt64)
    /// Only these, one after another in this order, which a recorded run used.
    case replay(run: String, steps: [StepID])
}
