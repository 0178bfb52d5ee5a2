public import WorkflowModel

/// How a run handles failures: the settings with their defaults, decided before it starts.
public struct FailurePolicy: Hashable, Sendable {
    /// What a critical failure does to the rest of the run.
    public var propagation: ErrorPropagation
    /// False with `-k`: no step counts as critical, and failures in a row are not counted.
    public var heedsCritical: Bool
    /// Failures in a row after which the run escalates; nil when they are not counted.
    public var threshold: Int?
    /// Whether people are asked at the beginning of the run.
    public var mode: ReviewMode
    /// Whether somebody can be asked.
    public var canAsk: Bool
    /// How retries are spaced.
    public var retry: RetryPolicy
    /// Which failures mean "busy", and the reaction; nil when none does.
    public var throttle: ThrottlePolicy?
    /// One for each of ``RunPlan/resources``.
    public var breakers: [BreakerPolicy?]
    /// The decisions about steps made before the run, by index.
    public var decisions: [Int: ReviewDecision]
}

/// How retries are spaced.
public struct RetryPolicy: Hashable, Sendable {
    /// Time before the second attempt, doubled for each further one.
    public var delay = Milliseconds.seconds(1)
    /// The longest time between two attempts.
    public var maxDelay = Milliseconds.seconds(60)
    /// Retries of all steps together; nil for no limit.
    public var budget: Int?
    /// The seed of the random spread of delays.
    public var seed: UInt64 = 0
}

/// Which failures mean "busy", and how the run reacts.
public struct ThrottlePolicy: Hashable, Sendable {
    /// Exit codes that mean "busy".
    public var exitCodes: [Int32]
    /// Text in the log that means "busy".
    public var pattern: String?
    /// Time during which nothing of the resource starts, doubled with each further busy failure.
    public var delay: Milliseconds
    /// Time without a busy failure after which the limit rises by one.
    public var recoverAfter: Milliseconds
}

/// When a resource counts as down, and for how long.
public struct BreakerPolicy: Hashable, Sendable {
    /// Failures in a row that open it.
    public var failures: Int
    /// Time until it is tried again.
    public var coolDown: Milliseconds
    /// What steps behind it do meanwhile.
    public var whenOpen: BreakerSettings.WhenOpen
}

extension FailurePolicy {
    /// The traits of a step that follow from throttle and breakers, by its claims.
    func traits(of claims: ArraySlice<ResourceClaim>) -> StepTraits {
        var traits: StepTraits = throttle == nil ? [] : .mayBeBusy
        if claims.contains(where: { breakers[Int($0.resource)] != nil }) {
            traits.insert(.isGuarded)
        }
        return traits
    }

    /// The policy of a workflow with the options of a command line.
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
        // With declared mode `silent` nobody is asked: a review waits for the next run.
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
            // A task whose steps run one by one is counted like a resource, but is none.
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
        // Its explanations concern views only; it asks when collaborative does.
        case "collaborative", "education": self = .collaborative
        default: return nil
        }
    }
}
