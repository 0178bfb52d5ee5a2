import Execution

/// Lines about what happens between a step's first attempt and its end.
extension ProgressLine {
    func policyText(for kind: RunEvent.Kind, _ record: RunRecord) -> String? {
        switch kind {
        case .attemptFailed:
            // Printed with what follows: the next attempt, or the question.
            return nil
        case .retryScheduled(let step, let attempt, let method, let delay):
            return next(attempt, of: step, by: method, after: delay, record)
        case .outputsEmpty(let step, let paths):
            let names = Wording.list(paths.map { "`\(Sanitizer.line($0))`" }, atMost: 3)
            return style.yellow("warning: ") + "`\(id(of: step, record))`: "
                + "\(paths.count == 1 ? "output" : "outputs") \(names) "
                + "\(paths.count == 1 ? "is" : "are") empty"
        case .reviewWanted(let step):
            // When nobody can be asked, the step's end was printed already.
            let hasEnded = record.steps.indices.contains(step) && record.steps[step].status.isFinal
            let failure = hasEnded ? ":" : failedAttempt(of: step, record) + ";"
            return line(.review, step, record, detail: "\(failure) decision wanted")
        case .decided(let step, let decision):
            return line(.review, step, record, detail: ": decided: \(decision.word)")
        case .thresholdReached(let step, let failures):
            return counter(record)
                + "\(Wording.count(failures, "failure")) in a row, "
                + "the last one `\(id(of: step, record))`"
        case .modeChanged(let mode):
            return counter(record) + modeText(mode, record)
        case .finalizing:
            return counter(record) + style.dim("steps that always run begin")
        default:
            return shareText(for: kind, record)
        }
    }

    /// The review mode and its consequence; "from here on" only if a step was launched before.
    private func modeText(_ mode: ReviewMode, _ record: RunRecord) -> String {
        let isChange = record.steps.contains { $0.firstLaunchedAt != nil }
        let name = "mode: \(mode.rawValue)" + (isChange ? " from here on" : "")
        switch mode {
        case .silent: return name
        case .dynamic: return name + ", after failures in a row a person decides"
        case .collaborative: return name + ", a person decides about each critical failure"
        }
    }

    private func next(
        _ attempt: Int, of step: Int, by method: StepMethod, after delay: Int64,
        _ record: RunRecord
    ) -> String {
        guard record.steps.indices.contains(step) else { return line(.retry, step, record) }
        let number = Int32(clamping: attempt)
        var what = Wording.attempt(number, of: record.wholeAttempts(of: step, number: number))
        if method != .primary { what = "\(method), " + what }
        if delay > 0 { what += " in \(Wording.rest(delay))" }
        let isBusy = record.steps[step].earlierAttempts.last?.isBusy ?? false
        let failure = failedAttempt(of: step, record)
        return line(isBusy ? .busy : .retry, step, record, detail: "\(failure); \(what)")
    }

    /// How long the last attempt took and why it failed: ` (1.2s): exit code 1`.
    private func failedAttempt(of step: Int, _ record: RunRecord) -> String {
        guard record.steps.indices.contains(step) else { return "" }
        let last = record.steps[step].earlierAttempts.last
        let length = last.flatMap { attempt in
            attempt.completedAt.map { style.dim(" (\(Wording.duration(attempt.elapsed(at: $0))))") }
        }
        let reason = record.shownReason(of: step)
        return "\(length ?? ""): \(reason ?? "failed")"
    }

    private func shareText(for kind: RunEvent.Kind, _ record: RunRecord) -> String? {
        switch kind {
        case .throttled(let step, let resource, let limit, let delay):
            return counter(record) + "busy: `\(id(of: step, record))`; at most \(limit) at once"
                + subject(resource)
                + ", next start in \(Wording.rest(delay))"
        case .throttleEased(let resource, let limit):
            return counter(record) + "not busy for a while: at most \(limit) at once"
                + subject(resource)
        case .breakerChanged(let resource, let phase, _):
            let what =
                switch phase {
                case .open: "open: nothing of it starts until it has cooled down"
                case .halfOpen: "half-open: one step tries"
                case .closed: "closed: it works again"
                }
            return counter(record) + "breaker of `\(Sanitizer.line(resource))`: \(what)"
        default:
            return nil
        }
    }

    private func subject(_ resource: String?) -> String {
        resource.map { " of `\(Sanitizer.line($0))`" } ?? ""
    }
}
