/// What a critical failure does to the rest of the run.
public enum ErrorPropagation: String, Hashable, Sendable, CaseIterable {
    /// No further step starts.
    case haltOnCritical = "halt_on_critical"
    /// Dependents run, with a warning.
    case continueAndLog = "continue_and_log"
    /// A person decides.
    case collaborativeReview = "collaborative_review"
}

/// What a critical failure does to the steps that are running.
public enum FailureStrategy: String, Hashable, Sendable, CaseIterable {
    /// They are stopped.
    case pessimistic
    /// They finish.
    case optimistic
}

/// How retries are spaced and how many one run may make.
public struct RetrySettings: Hashable, Sendable {
    /// Time before the second attempt, doubled for each further one.
    public var delay: Milliseconds?
    /// The longest time between two attempts.
    public var maxDelay: Milliseconds?
    /// Retries of all steps together; nil: as many as the steps declare.
    public var budget: Int?

    /// The defaults.
    public init() {}
}

/// Which failures mean "busy", and how the run reacts to them.
public struct ThrottleSettings: Hashable, Sendable {
    /// Exit codes that mean "busy".
    public var exitCodes: [Int32] = []
    /// Text in the log that means "busy".
    public var pattern: String?
    /// Time before the next start.
    public var delay: Milliseconds?
    /// Time without a busy failure after which the limit rises again.
    public var recoverAfter: Milliseconds?

    /// No sign of throttling.
    public init() {}
}

/// When a resource counts as down.
public struct BreakerSettings: Hashable, Sendable {
    /// What steps behind an open breaker do.
    public enum WhenOpen: String, Hashable, Sendable, CaseIterable { case wait, fail }

    /// Failures in a row that open it.
    public var failures: Int?
    /// Time until it is tried again.
    public var coolDown: Milliseconds?
    /// What steps behind it do meanwhile.
    public var whenOpen: WhenOpen?

    /// No breaker.
    public init() {}
}

/// The `[execution]` table; nil means "not set".
public struct ExecutionSettings: Hashable, Sendable {
    /// False: `--parallel` runs the steps one by one.
    public var isParallelEnabled = true
    /// The number of steps at once under `--parallel`.
    public var maxParallelSteps: Int?
    /// What a critical failure does to the rest of the run; nil when ``defaultMode`` decides.
    public var errorPropagation: ErrorPropagation?
    /// What a critical failure does to running steps.
    public var failureStrategy = FailureStrategy.pessimistic
    /// Failures in a row after which the run escalates.
    public var failureThreshold: Int?
    /// No step starts before its whole previous phase has ended.
    public var barriers = false
    /// Time limit of an attempt.
    public var timeout: Milliseconds?
    /// Time limit without output.
    public var idleTimeout: Milliseconds?
    /// Time limit of a phase (with ``barriers``).
    public var phaseTimeout: Milliseconds?
    /// Time limit of the run.
    public var runTimeout: Milliseconds?
    /// Time between TERM and KILL.
    public var grace: Milliseconds?
    /// The program that runs a command given as a string; never empty.
    public var shell = ["/bin/sh", "-c"]
    /// The command of steps that declare none.
    public var runner: Command?
    /// `silent`, `dynamic` or `collaborative`, as in the source documents.
    public var defaultMode: String?
    /// Names of variables that steps inherit; nil for all.
    public var passEnvironment: [String]?
    /// Names of variables whose values are masked.
    public var secrets: [String] = []
    /// How steps' output reaches their logs.
    public var log = LogMode.auto
    /// How retries are spaced.
    public var retry = RetrySettings()
    /// Which failures mean "busy".
    public var throttle: ThrottleSettings?
    /// The breaker of all resources that declare none.
    public var breaker: BreakerSettings?

    /// The defaults.
    public init() {}

    /// The grace period when none is declared: 10 s.
    public static let defaultGrace = Milliseconds.seconds(10)
    /// The shell when none is declared.
    public static let defaultShell = ["/bin/sh", "-c"]
}
