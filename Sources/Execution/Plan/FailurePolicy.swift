public import WorkflowModel

/// What a run does about failures: the settings with their defaults, decided before it starts.
public struct FailurePolicy: Hashable, Sendable {
    /// What a critical failure does to the rest of the run.
    public var propagation: ErrorPropagation
    /// False with `-k`: every step counts as not critical, and failures in a row are not counted.
    public var heedsCritical: Bool
    /// Failures in a row that escalate; nil when they are not counted.
    public var threshold: Int?
    /// Whether people are asked, at the beginning of the run.
    public var mode: ReviewMode
    /// Whether somebody is there who can be asked.
    public var canAsk: Bool
    /// Between attempts.
    public var retry: RetryPolicy
    /// What "busy" means and does; nil when nothing means it.
    public var throttle: ThrottlePolicy?
    /// One for each of ``RunPlan/resources``.
    public var breakers: [BreakerPolicy?]
    /// What was decided before the run about steps of it, by index.
    public var decisions: [Int: ReviewDecision]
}

/// How further attempts are spaced.
public struct RetryPolicy: Hashable, Sendable {
    /// Before the second attempt, doubled with each further one.
    public var delay = Milliseconds.seconds(1)
    /// The longest.
    public var maxDelay = Milliseconds.seconds(60)
    /// Retries of all steps together; nil for no bound.
    public var budget: Int?
    /// What the spread of delays is drawn from.
    public var seed: UInt64 = 0
}

/// What tells a failure that means "busy", and what follows from it.
public struct ThrottlePolicy: Hashable, Sendable {
    /// Exit codes that mean it.
    public var exitCodes: [Int32]
    /// Text in the log that means it.
    public var pattern: String?
    /// Nothing of the resource starts for so long, doubled with each further one.
    public var delay: Milliseconds
    /// Time without one after which the limit rises by one.
    public var recoverAfter: Milliseconds
}

/// When a resource is taken to be down, and for how long.
public struct BreakerPolicy: Hashable, Sendable {
    /// Failures in a row that open it.
    public var failures: Int
    /// Until it is tried again.
    public var coolDown: Milliseconds
    /// What steps behind it do meanwhile.
    public var whenOpen: BreakerSettings.WhenOpen
}

extension FailurePolicy {
    /// What a step has to do with throttle and breakers, by what it claims.
    func traits(of claims: ArraySlice<ResourceClaim>) -> StepTraits {
        var traits: StepTraits = throttle == nil ? [] : .mayBeBusy
        if claims.contains(where: { breakers[Int($0.resource)] != nil }) {
            traits.insert(.isGuarded)
        }
        return traits
    }

    /// The policy of a workflow under a command line.
    init(
        _ execution: ExecutionSettings, _ options: RunOptions, resources: [PlannedResource],
        declared: [ResourceDeclaration], index: (StepID) -> Int?
    ) {
        let declaredMode = DeclaredMode(execution.defaultMode)
        propagation =
            execution.errorPropagation
            ?? (declaredMode == .collaborative ? .collaborativeReview : .haltOnCritical)
        heedsCritical = !options.keepGoing
        mode =
            options.keepGoing
            ? .silent
            : declaredMode == .dynamic
                ? .dynamic
                : declaredMode != .silent && propagation == .collaborativeReview
                    ? .collaborative : .silent
        threshold =
            options.keepGoing
            ? nil : execution.failureThreshold ?? (declaredMode == .dynamic ? 3 : nil)
        // Who declares silence is never asked: a review then waits for the next run.
        canAsk = options.canAsk && declaredMode != .silent
        retry = RetryPolicy()
        retry.delay = execution.retry.delay ?? retry.delay
        retry.maxDelay = max(retry.delay, execution.retry.maxDelay ?? retry.maxDelay)
        retry.budget = execution.retry.budget
        retry.seed = options.seed
        throttle = execution.throttle.map { settings in
            ThrottlePolicy(
                exitCodes: settings.exitCodes, pattern: settings.pattern,
                delay: settings.delay ?? .seconds(5),
                recoverAfter: settings.recoverAfter ?? .seconds(60))
        }
        let own = Dictionary(
            declared.map { ($0.name, $0.breaker) }, uniquingKeysWith: { first, _ in first })
        breakers = resources.map { resource in
            // A task's turn-taking is counted like a resource, and is none.
            guard resource.isLockable,
                let settings = (own[resource.name] ?? nil) ?? execution.breaker
            else { return nil }
            return BreakerPolicy(
                failures: settings.failures ?? 5, coolDown: settings.coolDown ?? .seconds(30),
                whenOpen: settings.whenOpen ?? .wait)
        }
        decisions = [:]
        for decision in options.decisions {
            if let step = index(decision.step) { decisions[step] = decision.decision }
        }
    }
}

/// The words of `default_mode`; nil for none.
private enum DeclaredMode {
    case silent, dynamic, collaborative

    init?(_ word: String?) {
        switch word {
        case "silent": self = .silent
        case "dynamic": self = .dynamic
        // Its explanations are a matter of views; it asks where collaborative does.
        case "collaborative", "education": self = .collaborative
        default: return nil
        }
    }
}
