/// What happened to more than one step.
extension RunRecord {
    /// How often the run, or each resource, was too busy, in the order of the first time.
    public var throttles: [ThrottleRecord] {
        var records: [ThrottleRecord] = []
        func place(of resource: String?) -> Int {
            if let place = records.firstIndex(where: { $0.resource == resource }) { return place }
            var record = ThrottleRecord(resource: resource)
            if resource == nil { record.declaredLimit = header.maxParallelSteps }
            records.append(record)
            return records.count - 1
        }
        for event in sharedEvents {
            switch event.kind {
            case .throttled(let step, let resource, let limit, let delay):
                records[place(of: resource)].lower(
                    to: limit, by: step, delay: delay, at: event.time)
            case .throttleEased(let resource, let limit):
                records[place(of: resource)].raise(to: limit)
            default:
                break
            }
        }
        return records
    }

    /// How each circuit breaker that ever changed fared, in the order of the first time.
    public var breakers: [BreakerRecord] {
        var records: [BreakerRecord] = []
        for case .breakerChanged(let resource, let phase, _) in sharedEvents.lazy.map(\.kind) {
            let known = records.firstIndex { $0.resource == resource }
            let place = known ?? records.count
            if known == nil { records.append(BreakerRecord(resource: resource)) }
            if phase == .open { records[place].openings += 1 }
            records[place].phase = phase
        }
        return records
    }

    /// From when on the run asked about failures, or no longer.
    public var modeChanges: [(mode: ReviewMode, time: RunTime)] {
        sharedEvents.compactMap { event in
            if case .modeChanged(let mode) = event.kind { (mode, event.time) } else { nil }
        }
    }

    /// Everything that people were asked and decided, in order, each with its step.
    public var reviews: [(step: Int, review: StepReview)] {
        var asked: Set<Int> = []
        for event in sharedEvents {
            switch event.kind {
            case .reviewWanted(let step), .decided(let step, _): asked.insert(step)
            default: break
            }
        }
        let reviews = asked.sorted().flatMap { step in
            steps[step].reviews.map { (step: step, review: $0) }
        }
        return reviews.sorted { a, b in
            let first = a.review.wantedAt ?? a.review.decidedAt ?? .zero
            let second = b.review.wantedAt ?? b.review.decidedAt ?? .zero
            return (first, a.step) < (second, b.step)
        }
    }
}

/// How a limit was lowered for being too high.
public struct ThrottleRecord: Sendable, Hashable {
    /// Of which resource; nil for the run.
    public var resource: String?
    /// How often something of it was busy.
    public var count = 0
    /// The limit now, or at the end.
    public var limit = 0
    /// The lowest limit.
    public var leastLimit = Int.max
    /// The limit before the first time, as far as the events tell.
    public var declaredLimit: Int?
    /// Until when nothing of it starts.
    public var holdsUntil = RunTime.zero
    /// The steps that were busy, each once, in order.
    public var steps: [Int] = []

    fileprivate init(resource: String?) { self.resource = resource }

    fileprivate mutating func lower(
        to limit: Int, by step: Int, delay: Int64, at time: RunTime
    ) {
        // One that was already at its least says nothing of where it began.
        if count == 0, declaredLimit == nil, limit > 1 { declaredLimit = limit &+ 1 }
        count += 1
        self.limit = limit
        leastLimit = min(leastLimit, limit)
        let (nanoseconds, overflow) = delay.multipliedReportingOverflow(by: 1_000_000)
        holdsUntil = max(
            holdsUntil, time.advanced(byNanoseconds: overflow ? .max : max(0, nanoseconds)))
        if !steps.contains(step) { steps.append(step) }
    }

    fileprivate mutating func raise(to limit: Int) {
        self.limit = limit
        if let declaredLimit { self.declaredLimit = max(declaredLimit, limit) }
    }
}

/// How the circuit breaker of a resource fared.
public struct BreakerRecord: Sendable, Hashable {
    /// The resource.
    public var resource: String
    /// How often it opened.
    public var openings = 0
    /// Where it stands now, or at the end.
    public var phase = BreakerPhase.closed
}

extension RunEvent.Kind {
    /// Whether it changes something for more than one step, or for people.
    var isShared: Bool {
        switch self {
        case .throttled, .throttleEased, .breakerChanged, .modeChanged, .thresholdReached,
            .reviewWanted, .decided, .halting, .groupHalting, .stopping, .faulted, .limitReached,
            .finalizing,
            .suspended, .resumed:
            true
        default:
            false
        }
    }
}
