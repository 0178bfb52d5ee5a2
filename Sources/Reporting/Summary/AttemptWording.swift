public import Execution

/// Wording for attempts, and for what is slowed down, shared by all views.
extension Wording {
    /// An attempt of a total: `attempt 2 of 4`; without the total when it is unknown.
    static func attempt(_ number: Int32, of whole: Int32?) -> String {
        whole.map { "attempt \(number) of \($0)" } ?? "attempt \(number)"
    }

    /// A time in the future, in whole seconds, rounded up: `in 3s`.
    static func until(_ time: RunTime, from now: RunTime) -> String {
        let rest = max(0, time - now)
        let seconds = rest / 1_000_000_000 + (rest % 1_000_000_000 > 0 ? 1 : 0)
        return "in " + ProgressLine.clock(seconds.multipliedReportingOverflow(by: 1_000_000_000).0)
    }

    /// The wait between two attempts, without its random spread.
    static func rest(_ milliseconds: Int64) -> String {
        let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return duration(overflow ? .max : nanoseconds)
    }

    /// How often something happened: `once`, `twice`, `3 times`.
    static func times(_ count: Int) -> String {
        count == 1 ? "once" : count == 2 ? "twice" : "\(count) times"
    }
}

extension RunRecord {
    /// The largest number of attempts of a step, including busy ones; nil when a person allowed a
    /// retry, which makes the number meaningless.
    func wholeAttempts(of step: Int, number: Int32) -> Int32? {
        let planned = header.steps[step].maxAttempts
        let busy = Int32(clamping: steps[step].failedAttempts.busy)
        let (whole, overflow) = planned.addingReportingOverflow(busy)
        return planned < 2 || overflow || whole < number ? nil : whole
    }

    /// The running attempt, for a step that had one before: `attempt 2 of 4`, `backup[1], attempt
    /// 3`.
    func attemptText(of step: Int) -> String? {
        let record = steps[step]
        guard record.attempts > 1 else { return nil }
        let number = Wording.attempt(
            record.attempts, of: wholeAttempts(of: step, number: record.attempts))
        guard let method = record.method, method != .primary else { return number }
        return "\(method), \(number)"
    }

    /// What a step waits for after an attempt, or after a failure that a person has to decide
    /// about.
    func pauseText(of step: Int, at now: RunTime) -> String? {
        guard steps.indices.contains(step) else { return nil }
        if inReview.contains(step) { return "waits for a decision" }
        guard let next = steps[step].nextAttempt else { return nil }
        let number = Wording.attempt(next.number, of: wholeAttempts(of: step, number: next.number))
        let method = next.method == .primary ? "" : "\(next.method), "
        guard next.at > now else { return "\(method)\(number) is next" }
        let rest = Wording.until(next.at, from: now)
        return next.isBusy
            ? "busy, again \(rest) (\(method)\(number))" : "retry \(rest) (\(method)\(number))"
    }

    /// What is slowed down now: `limit now 3 of 8`, `breaker of db open`.
    func slowedText(at now: RunTime) -> [String] {
        guard !sharedEvents.isEmpty else { return [] }
        var parts: [String] = []
        for throttle in throttles
        where throttle.limit < (throttle.declaredLimit ?? .max) || throttle.holdsUntil > now {
            let subject = throttle.resource.map { " of \(Sanitizer.line($0))" } ?? ""
            let whole = throttle.declaredLimit.map { " of \($0)" } ?? ""
            parts.append("limit\(subject) now \(throttle.limit)\(whole)")
        }
        for breaker in breakers where breaker.phase != .closed {
            let state = breaker.phase == .open ? "open" : "half-open"
            parts.append("breaker of \(Sanitizer.line(breaker.resource)) \(state)")
        }
        return parts
    }

    /// How a step succeeded after more than one attempt: `by backup[1], after 2 failed attempts`.
    func detourText(of step: Int) -> String? {
        let record = steps[step]
        guard !record.earlierAttempts.isEmpty else { return nil }
        let (failed, busy) = record.failedAttempts
        var parts: [String] = []
        if failed > 0 { parts.append(Wording.count(failed, "failed attempt")) }
        if busy > 0 { parts.append(Wording.count(busy, failed > 0 ? "busy one" : "busy attempt")) }
        let after = "after " + Wording.list(parts)
        guard let method = record.method, method != .primary else { return after }
        return "by \(method), \(after)"
    }

    /// The decisions about the step: `review: retry, then continue`.
    var decisionText: [String] {
        var order: [Int] = []
        var words: [Int: [String]] = [:]
        for (step, review) in reviews {
            guard let decision = review.decision else { continue }
            if words[step] == nil { order.append(step) }
            words[step, default: []].append(decision.word)
        }
        return order.map { step in
            let shown = (words[step] ?? []).joined(separator: ", then ")
            return "`\(shownName(of: step))`: \(shown)"
        }
    }

    /// The steps whose failure stopped the run until a decision, in the order in which they failed.
    ///
    /// A step that never started because its phase was over is among them, although its status is
    /// skipped.
    public var awaitingDecision: [Int] {
        guard status == .review else { return [] }
        var asked: Set<Int> = []
        return reviews.map(\.step).filter { step in
            steps[step].reviews.last.map { $0.decision == nil } ?? false
                && asked.insert(step).inserted
        }
    }
}

/// The phases of a run in the order in which views show them; all steps that always run come last,
/// as one group.
struct ShownPhases {
    /// A phase with its title.
    struct Group {
        var title: String
        var steps: [Int]
    }

    let groups: [Group]

    init(_ header: RunHeader) {
        var groups: [Group] = []
        var last: [Int] = []
        let tasks = header.tasks
        for phase in RunLayout(header).phases {
            let ordinary = phase.steps.filter { !header.steps[$0].isFinalizer }
            last += phase.steps.filter { header.steps[$0].isFinalizer }
            guard !ordinary.isEmpty else { continue }
            var title = "phase \(phase.number)"
            if tasks.count > 1, tasks.indices.contains(phase.task) {
                title = "\(Wording.task(tasks[phase.task].id)), \(title)"
            }
            groups.append(Group(title: title, steps: ordinary))
        }
        if !last.isEmpty { groups.append(Group(title: "finalizers", steps: last)) }
        self.groups = groups
    }
}
