/// What to check once an attempt's processes have ended.
public struct VerificationRequest: OptionSet, Hashable, Sendable {
    /// One bit for each check.
    public let rawValue: UInt8

    /// A set of checks by its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether the declared outputs exist, and which of them are empty.
    public static let outputs = VerificationRequest(rawValue: 1)
    /// Whether the attempt's part of the log contains the step's `success_pattern`.
    public static let successPattern = VerificationRequest(rawValue: 2)
    /// Whether the attempt's part of the log contains the throttle's `pattern`.
    public static let throttlePattern = VerificationRequest(rawValue: 4)
}

/// The results of the requested checks; the others keep their defaults.
public struct Verification: Hashable, Sendable {
    /// Patterns of declared outputs that match no file, as declared.
    public var missing: [String]
    /// Declared outputs that exist and are empty, as paths.
    public var empty: [String]
    /// Whether the log contains the `success_pattern`.
    public var hasSucceeded: Bool
    /// Whether the log contains the throttle's `pattern`.
    public var isBusy: Bool

    /// No problem, apart from the given ones.
    public init(
        missing: [String] = [], empty: [String] = [], hasSucceeded: Bool = true,
        isBusy: Bool = false
    ) {
        self.missing = missing
        self.empty = empty
        self.hasSucceeded = hasSucceeded
        self.isBusy = isBusy
    }
}

/// The result of a condition.
public enum ConditionOutcome: Hashable, Sendable {
    /// The step may run.
    case holds
    /// The step is skipped; the values that the condition used: `steps.review.score = 0.9`.
    case fails(values: String)
    /// The condition cannot be evaluated and the step fails: why.
    case error(String)
}

/// What a person can decide about a failed step.
public enum ReviewDecision: Hashable, Sendable {
    /// It runs again, beginning with its primary method.
    case retry
    /// It runs again, beginning with its first backup.
    case useBackup
    /// It counts as skipped, and its dependents run.
    case skip
    /// It stays failed; its dependents run and are told about the failure.
    case proceed
    /// Nothing more starts.
    case halt

    /// The word of `--decide`, the journal and the question: `continue` for ``proceed``.
    public var word: String {
        switch self {
        case .retry: "retry"
        case .useBackup: "backup"
        case .skip: "skip"
        case .proceed: "continue"
        case .halt: "halt"
        }
    }

    /// Reads a ``word``; nil for any other.
    public init?(word: String) {
        let all: [ReviewDecision] = [.retry, .useBackup, .skip, .proceed, .halt]
        guard let decision = all.first(where: { $0.word == word }) else { return nil }
        self = decision
    }
}

/// The state of a resource's circuit breaker.
public enum BreakerPhase: String, Hashable, Sendable, CaseIterable {
    /// Steps start.
    case closed
    /// None starts until the cool-down is over.
    case open
    /// One step tries whether it works again.
    case halfOpen = "half_open"
}

/// Whether a run asks people about failures.
public enum ReviewMode: String, Hashable, Sendable, CaseIterable {
    /// Never.
    case silent
    /// Only after the threshold of failures in a row was reached.
    case dynamic
    /// After each critical failure.
    case collaborative
}
