import Execution

/// The lines of what happens between a step's first attempt and its end.
extension ProgressLine {
    func policyText(for kind: RunEvent.Kind, _ record: RunRecord) -> String? {
        switch kind {
        case .attemptFailed(let step, let failure):
            let reason = Sanitizer.line(record.text(of: failure.reason))
            let busy = failure.isBusy ? "busy, " : ""
            return line(.retry, step, record, detail: ": \(busy)\(reason)")
        case .retryScheduled(let step, let attempt, let method, let delay):
            let words = method == .primary ? "" : ", \(method.description)"
            let what = "attempt \(attempt)\(words)"
            let when = delay > 0 ? " in \(DurationText.declared(milliseconds: delay))" : ""
            return line(.retry, step, record, detail: ": \(what)\(when)")
        case .outputsEmpty(let step, let paths):
            let names = Wording.list(paths.map { "`\(Sanitizer.line($0))`" }, atMost: 3)
            return style.yellow("warning: ") + "`\(id(of: step, record))`: "
                + "\(paths.count == 1 ? "output" : "outputs") \(names) "
                + "\(paths.count == 1 ? "is" : "are") empty"
        case .reviewWanted(let step):
            return line(.review, step, record, detail: ": a decision is wanted")
        case .decided(let step, let decision):
            return line(.review, step, record, detail: ": decided: \(decision.word)")
        case .thresholdReached(let step, let failures):
            return counter(record)
                + "\(Wording.count(failures, "failure")) in a row, "
                + "the last one `\(id(of: step, record))`"
        case .modeChanged(let mode):
            return counter(record) + "mode: \(mode.rawValue) from here on"
        case .finalizing:
            return counter(record) + style.dim("steps that always run begin")
        default:
            return shareText(for: kind, record)
        }
    }

    private func shareText(for kind: RunEvent.Kind, _ record: RunRecord) -> String? {
        switch kind {
        case .throttled(let step, let resource, let limit, let delay):
            return counter(record) + "busy: `\(id(of: step, record))`; at most \(limit) at once"
                + subject(resource)
                + ", next start in \(DurationText.declared(milliseconds: delay))"
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
