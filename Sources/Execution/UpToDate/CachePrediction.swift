/// When the cache is asked about a step, as far as that is known before a run.
public enum CacheQuestion: Hashable, Sendable {
    /// Never: it need not run, or a kept result may not stand in for a run.
    case never
    /// At once: all that it needs is as it will be.
    case now
    /// When its turn comes, for it needs a step that may run.
    case later
}

/// What the cache would do for a step that has to run, as far as that is known before the run.
public enum CachePrediction: Hashable, Sendable {
    /// What this run made from the same would be put in place.
    case hit(run: String)
    /// Nothing was made from the same.
    case miss
    /// What is kept can never be used: a clause about it.
    case damaged(String)
    /// What is kept cannot be used here and now: a clause about it.
    case unfit(String)
    /// That is found out when its turn comes.
    case later

    /// The word for it in JSON.
    public var word: String {
        switch self {
        case .hit: "hit"
        case .miss: "miss"
        case .damaged: "damaged"
        case .unfit: "unfit"
        case .later: "later"
        }
    }

    /// What follows the reasons why a step runs; what it names is not neutralised, empty for a hit.
    public var text: String {
        switch self {
        case .hit: ""
        case .miss: "not in the cache"
        case .damaged(let reason): "what the cache has of it is damaged: \(reason)"
        case .unfit(let reason): "what the cache has of it is not used: \(reason)"
        case .later: "unless its outputs were kept: looked up when its turn comes"
        }
    }
}

extension SkipPlan {
    /// When the cache is asked about a step.
    public func cacheQuestion(about step: Int) -> CacheQuestion {
        guard usesCache, isExamined(step) else { return .never }
        return open.contains(step) || waiting.contains(step) ? .later : .now
    }

    /// Whether a step that is looked at when its turn comes may be skipped for its last success.
    ///
    /// Not where a revision is compared with: what differs from it is to be made from what is there
    /// now, and the cache is a source of results for it, not a second opinion.
    public var heedsLastSuccess: Bool {
        if case .since = choice { false } else { true }
    }
}

extension RunPlan {
    /// When the cache is asked about a step of the run.
    public func cacheQuestion(about step: Int) -> CacheQuestion {
        guard let smart, selected[step], doneEarlier[step] == nil, policy.decisions[step] == nil
        else { return .never }
        return smart.cacheQuestion(about: step)
    }
}
