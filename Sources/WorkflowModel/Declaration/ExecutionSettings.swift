/// What a critical failure does to the rest of the run.
public enum ErrorPropagation: String, Hashable, Sendable, CaseIterable {
    /// Nothing further starts.
    case haltOnCritical = "halt_on_critical"
    /// Dependents run, warned.
    case continueAndLog = "continue_and_log"
    /// A person decides.
    case collaborativeReview = "collaborative_review"
}

/// What a critical failure does to the steps that run at that moment.
public enum FailureStrategy: String, Hashable, Sendable, CaseIterable {
    /// They are stopped.
    case pessimistic
    /// They finish.
    case optimistic
}

/// How further attempts are spaced and how many a run affords.
public struct RetrySettings: Hashable, Sendable {
    /// Time before the second attempt, doubled with each further one.
    public var delay: Milliseconds?
    /// The longest time between two attempts.
    public var maxDelay: Milliseconds?
    /// Retries of all steps together; nil for as many as the steps declare.
    public var budget: Int?

    /// Nothing that is not the default.
    public init() {}
}

/// How failures that mean "busy" are told and met.
public struct ThrottleSettings: Hashable, Sendable {
    /// Exit codes that mean "busy".
    public var exitCodes: [Int32] = []
    /// Text in the log that means "busy".
    public var pattern: String?
    /// Time before the next start.
    public var delay: Milliseconds?
    /// Time without a busy failure after which the limit rises again.
    public var recoverAfter: Milliseconds?

    /// No throttling signs.
    public init() {}
}

/// When a resource is taken to be down.
public struct BreakerSettings: Hashable, Sendable {
    /// What steps behind an open breaker do.
    public enum WhenOpen: String, Hashable, Sendable, CaseIterable { case wait, fail }

    /// Failures in a row that open it.
    public var failures: Int?
    /// Time until it is tried again.
    public var coolDown: Milliseconds?
    /// What steps behind it do meanwhile.
    public var whenOpen: WhenOpen?

    /// A breaker that is not set.
    public init() {}
}

/// The `[execution]` table; nil means "not said".
public struct ExecutionSettings: Hashable, Sendable {
    /// False: `--parallel` falls back to sequential.
    public var isParallelEnabled = true
    /// The limit under `--parallel`.
    public var maxParallelSteps: Int?
    /// What a critical failure does to the rest; nil where ``defaultMode`` is to say.
    public var errorPropagation: ErrorPropagation?
    /// What a critical failure does to running steps.
    public var failureStrategy = FailureStrategy.pessimistic
    /// Failures in a row that escalate.
    public var failureThreshold: Int?
    /// No step starts before its whole previous phase has ended.
    public var barriers = false
    /// Limit per attempt.
    public var timeout: Milliseconds?
    /// Limit without output.
    public var idleTimeout: Milliseconds?
    /// Limit per phase (with ``barriers``).
    public var phaseTimeout: Milliseconds?
    /// Limit for the run.
    public var runTimeout: Milliseconds?
    /// Time between TERM and KILL.
    public var grace: Milliseconds?
    /// What runs a command given as a string; never empty.
    public var shell = ["/bin/sh", "-c"]
    /// The command of steps that have none.
    public var runner: Command?
    /// `silent`, `dynamic` or `collaborative`, as the source documents have it.
    public var defaultMode: String?
    /// Names of variables that steps inherit; nil for all.
    public var passEnvironment: [String]?
    /// Names of variables whose values are masked.
    public var secrets: [String] = []
    /// How steps' output reaches their logs.
    public var log = LogMode.auto
    /// How further attempts are spaced.
    public var retry = RetrySettings()
    /// Signs of throttling.
    public var throttle: ThrottleSettings?
    /// The breaker of all resources without one of their own.
    public var breaker: BreakerSettings?

    /// The defaults.
    public init() {}

    /// The grace period where none is declared: 10 s.
    public static let defaultGrace = Milliseconds.seconds(10)
    /// The shell where none is declared.
    public static let defaultShell = ["/bin/sh", "-c"]
}
