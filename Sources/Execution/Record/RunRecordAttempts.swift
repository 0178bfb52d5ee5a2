/// One attempt of a step that went on after it, or its last.
public struct AttemptRecord: Sendable, Hashable {
    /// From 1, whatever the method.
    public var number: Int32
    /// Which way of doing the step it was.
    public var method: StepMethod
    /// Number of its execution (`exec_001` is 1).
    public var execution: Int32
    /// When it was launched.
    public var launchedAt: RunTime
    /// When it ended; nil while it runs.
    public var completedAt: RunTime?
    /// How it stands or ended.
    public var status: StepStatus
    /// Why it ended so.
    public var reason: StepReason?
    /// How its leader ended, when it had one.
    public var exit: ExitStatus?
    /// Whether its failure meant "busy".
    public var isBusy = false
    /// What follows it, where something was scheduled.
    public var next: Next?

    /// A further attempt, as it was scheduled.
    public struct Next: Sendable, Hashable {
        /// By which method.
        public var method: StepMethod
        /// Milliseconds of rest before it.
        public var restMilliseconds: Int64
    }

    /// Nanoseconds it took, or has taken by `now`.
    public func elapsed(at now: RunTime) -> Int64 { span(from: launchedAt, to: completedAt ?? now) }
}

extension StepRecord {
    /// All attempts in order, the last included; of a plain step the one that it made.
    public var allAttempts: [AttemptRecord] {
        guard let method, let launchedAt, !isBetweenAttempts else { return earlierAttempts }
        var last = AttemptRecord(
            number: attempts, method: method, execution: execution, launchedAt: launchedAt,
            completedAt: completedAt, status: status, reason: reason, exit: exit)
        // A launch that the system put off was none.
        if status == .pending { last.status = .running }
        return earlierAttempts + [last]
    }

    /// Where in its log an attempt's part begins and ends, its check included; no end for the last.
    ///
    /// Nil for an attempt that is not known, or that wrote no part.
    public func logRange(of attempt: AttemptRecord) -> (start: Int64, end: Int64?)? {
        let parts = logParts.filter { !$0.isCheck }
        let begin: Int64
        if let part = parts.first(where: { $0.execution == attempt.execution }) {
            begin = part.start
        } else if attempt.number == 1, attempt.method == .primary {
            begin = 0
        } else {
            return nil
        }
        let next = parts.first { $0.execution > attempt.execution }
        return (begin, next?.previousEnd)
    }

    /// Whether its last attempt is over and it has not been launched again.
    var isBetweenAttempts: Bool { earlierAttempts.last?.number == attempts }

    /// When its first attempt was launched.
    public var firstLaunchedAt: RunTime? { earlierAttempts.first?.launchedAt ?? launchedAt }

    /// Nanoseconds from its first launch to its end or `now`, the time between attempts included.
    public func wholeTime(at now: RunTime) -> Int64? {
        let end = status.isFinal ? completedAt ?? now : now
        return firstLaunchedAt.map { span(from: $0, to: end) }
    }

    /// How many attempts failed after which it went on, "busy" ones apart, and how many were busy.
    public var failedAttempts: (ordinary: Int, busy: Int) {
        let busy = earlierAttempts.count { $0.isBusy }
        return (earlierAttempts.count - busy, busy)
    }

    /// The attempt that it rests before, and when that may start; nil where it rests before none.
    public var nextAttempt: (number: Int32, method: StepMethod, at: RunTime, isBusy: Bool)? {
        guard status == .pending, let last = earlierAttempts.last, let next = last.next,
            let end = last.completedAt
        else { return nil }
        let (nanoseconds, overflow) = next.restMilliseconds.multipliedReportingOverflow(
            by: 1_000_000)
        let rest = overflow ? .max : max(0, nanoseconds)
        return (attempts &+ 1, next.method, end.advanced(byNanoseconds: rest), last.isBusy)
    }

    /// Nanoseconds for which it rested between attempts, up to `now`.
    public func restTime(at now: RunTime) -> Int64 {
        guard !earlierAttempts.isEmpty else { return 0 }
        let attempts = allAttempts
        var sum: Int64 = 0
        for (index, attempt) in attempts.enumerated() {
            guard let end = attempt.completedAt else { continue }
            if index + 1 < attempts.count {
                sum = saturatingSum(sum, span(from: end, to: attempts[index + 1].launchedAt))
            } else if !status.isFinal {
                sum = saturatingSum(sum, span(from: end, to: now))
            }
        }
        return sum
    }

    /// What people were asked about it and decided, in order.
    public var reviews: [StepReview] {
        var reviews: [StepReview] = []
        for event in recordedEvents {
            switch event.name {
            case .reviewWanted:
                reviews.append(StepReview(wantedAt: event.time))
            case .decided(let decision):
                if reviews.last.map({ $0.decision != nil }) ?? true {
                    reviews.append(StepReview())
                }
                reviews[reviews.count - 1].decision = decision
                reviews[reviews.count - 1].decidedAt = event.time
            default:
                break
            }
        }
        return reviews
    }
}

/// One question about a step, and its answer.
public struct StepReview: Sendable, Hashable {
    /// When it was asked; nil for a decision that nobody asked for.
    public var wantedAt: RunTime?
    /// What was decided; nil while nothing is.
    public var decision: ReviewDecision?
    /// When that was.
    public var decidedAt: RunTime?
}
