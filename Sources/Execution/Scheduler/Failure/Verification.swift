/// What to look at once an attempt's processes are gone.
public struct VerificationRequest: OptionSet, Hashable, Sendable {
    /// One bit for each look.
    public let rawValue: UInt8

    /// A set of looks by its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether the declared outputs are there, and which of them are empty.
    public static let outputs = VerificationRequest(rawValue: 1)
    /// Whether the attempt's part of the log holds the step's `success_pattern`.
    public static let successPattern = VerificationRequest(rawValue: 2)
    /// Whether the attempt's part of the log holds the throttle's `pattern`.
    public static let throttlePattern = VerificationRequest(rawValue: 4)
}

/// What was found; what was not asked for stays as it is in an empty one.
public struct Verification: Hashable, Sendable {
    /// Patterns of declared outputs that nothing matches, as declared.
    public var missing: [String]
    /// Declared outputs that are there and empty, as paths.
    public var empty: [String]
    /// Whether the log holds the `success_pattern`.
    public var hasSucceeded: Bool
    /// Whether the log holds the throttle's `pattern`.
    public var isBusy: Bool

    /// Nothing amiss but what is given.
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

/// What a condition came to.
public enum ConditionOutcome: Hashable, Sendable {
    /// The step may run.
    case holds
    /// It is skipped; the values that the condition saw: `steps.review.score = 0.9`.
    case fails(values: String)
    /// It cannot be told, and the step fails: why.
    case error(String)
}

/// What a person can decide about a step that failed.
public enum ReviewDecision: Hashable, Sendable {
    /// It runs again from its primary method on.
    case retry
    /// It runs again from its first backup on.
    case useBackup
    /// It counts as skipped, and its dependents run.
    case skip
    /// It stays failed; its dependents run and are told.
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

/// Where the circuit breaker of a resource stands.
public enum BreakerPhase: String, Hashable, Sendable, CaseIterable {
    /// Steps start.
    case closed
    /// None starts until it has cooled down.
    case open
    /// One step tries whether it works again.
    case halfOpen = "half_open"
}

/// Whether a run asks people about failures.
public enum ReviewMode: String, Hashable, Sendable, CaseIterable {
    /// Never.
    case silent
    /// Not until failures in a row have reached the threshold.
    case dynamic
    /// After each critical failure.
    case collaborative
}
