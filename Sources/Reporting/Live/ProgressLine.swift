import Execution

/// Turns each event of a run into the one line that views print for it.
///
/// A line is `[3/15] ok      lint (1.2s)`: how many steps have ended, how this one ended, its id.
struct ProgressLine {
    let style: Style
    /// Columns of the terminal; nil without one.
    var columns: Int?
    /// Steps excluded by the command line: they count neither as done nor in the total.
    private var leftOut = 0
    /// Steps whose start, with its reason, was announced.
    private var announced: Set<Int> = []
    /// The last announced holder for each waiting step, so that each wait is announced once.
    private var holders: [Int: LockHolder] = [:]

    init(style: Style) { self.style = style }

    /// The line of an event; nil for an event that views do not show.
    mutating func text(for event: RunEvent, record: RunRecord) -> String? {
        switch event.kind {
        case .runStarted(let header):
            return opening(header)
        case .due, .launched, .started, .checkStarted, .logPart, .leftovers, .suspended, .runEnded:
            return nil
        case .waiting(let step, let holder):
            // Waits between steps of the same run are announced when they last.
            guard !holder.isOfSameRun else { return nil }
            guard holders.updateValue(holder, forKey: step) != holder else { return nil }
            return line(.waiting, step, record, detail: ": " + Wording.holder(holder))
        case .terminating(let step, let signal, .timedOut(let kind, let limit)):
            let reason = record.text(of: .timedOut(kind, limitMilliseconds: limit), by: step)
            let detail = ": \(reason), sent \(SignalName.name(of: signal))"
            return line(.timeout, step, record, detail: detail)
        case .terminating:
            return nil
        case .killed(let step):
            return line(.killed, step, record, detail: ": it had not ended within its grace")
        case .ended(let step, let end):
            return ending(step, end, record)
        case .skipped(let step, let reason):
            return skip(step, reason, record)
        case .skippedTogether(let steps, let reason):
            let lines = steps.compactMap { skip($0, reason, record) }
            return lines.isEmpty ? nil : lines.joined(separator: "\n")
        case .halting(let cause):
            return counter(record)
                + "halted by `\(id(of: cause, record))`: no further step starts"
        case .groupHalting(let cause):
            return groupHalt(by: cause, record)
        case .stopping(let signal):
            return counter(record)
                + "stopping on \(SignalName.name(of: signal)): no further step starts"
        case .faulted(let fault):
            return counter(record)
                + "stopping: \(Sanitizer.line(fault.reason)): no further step starts"
        case .limitReached(let kind, let limit, let phase):
            return limitReached(kind, limit, phase, record)
        case .barrierPassed(let task, let phase):
            return counter(record) + style.dim(barrier(task, phase, record))
        case .resumed(let nanoseconds):
            return counter(record)
                + "going on after \(Wording.duration(nanoseconds)) of standing still"
        case .inputsChanged(let step, let cause):
            return style.yellow("warning: ") + "`\(id(of: step, record))`: "
                + Sanitizer.line(RunRecord.inputsChangedText(cause))
        case .reading(let text):
            return style.dim(Sanitizer.line(text))
        case .warning(let step, let text):
            let subject = step.map { "`\(id(of: $0, record))`: " } ?? ""
            return style.yellow("warning: ") + subject + Sanitizer.line(text)
        case .outputsEmpty, .attemptFailed, .retryScheduled, .reviewWanted, .decided,
            .thresholdReached, .modeChanged, .throttled, .throttleEased, .breakerChanged,
            .finalizing:
            return policyText(for: event.kind, record)
        }
    }

    private func limitReached(
        _ kind: TimeoutKind, _ milliseconds: Int64, _ phase: Barrier?, _ record: RunRecord
    ) -> String {
        let phase = phase.map { Sanitizer.line(record.name(of: $0)) } ?? "a phase"
        let (subject, end) =
            kind == .run ? ("the run", "no further step starts") : (phase, "its steps are stopped")
        return counter(record)
            + "\(subject) took more than \(DurationText.declared(milliseconds: milliseconds)): \(end)"
    }

    private func groupHalt(by cause: Int, _ record: RunRecord) -> String {
        let group =
            record.header.steps.indices.contains(cause)
            ? record.header.steps[cause].parallelGroup : nil
        return counter(record) + "group `\(Sanitizer.line(group ?? ""))` halted by "
            + "`\(id(of: cause, record))`: no further step of it starts"
    }

    /// The line that announces a running step.
    mutating func running(_ step: Int, record: RunRecord) -> String {
        let attempt =
            record.steps.indices.contains(step) ? record.attemptText(of: step) : nil
        announced.insert(step)
        let detail = attempt ?? record.shownCause(of: step)
        return line(.running, step, record, detail: detail.map { ": " + $0 } ?? "")
    }

    /// The line that names the steps waiting for the same holder.
    func waiting(_ steps: [Int], for holder: LockHolder, record: RunRecord) -> String {
        let names = steps.map { id(of: $0, record) }
        return counter(record) + style.yellow(TextWidth.pad(Mark.waiting.rawValue, to: 8))
            + Wording.list(names, atMost: 3) + ": " + Wording.holder(holder)
    }

    /// The line that reports what a step has waited for.
    func waited(
        _ step: Int, for holder: LockHolder, _ nanoseconds: Int64, record: RunRecord
    ) -> String {
        line(
            .waited, step, record,
            detail: ": \(Wording.duration(nanoseconds)), \(Wording.holder(holder))")
    }

    /// The line that names the steps that still run.
    func heartbeat(_ steps: [Int], at now: RunTime, record: RunRecord) -> String {
        let words = steps.map { step in
            let elapsed = record.steps[step].elapsed(at: now) ?? 0
            return "\(id(of: step, record)) (\(ProgressLine.clock(elapsed)))"
        }
        return counter(record) + "still running: " + Wording.list(words, atMost: 8)
    }

    /// A growing length of time: `12s`, `2m05s`, without tenths, which would only flicker.
    static func clock(_ nanoseconds: Int64) -> String {
        let seconds = max(0, nanoseconds) / 1_000_000_000
        if seconds < 60 { return "\(seconds)s" }
        return DurationText.measured(nanoseconds: seconds * 1_000_000_000)
    }

    /// How many steps have ended, and how many there are.
    func progress(_ record: RunRecord) -> (done: Int, total: Int) {
        let total = max(0, record.header.steps.count - leftOut)
        return (min(total, max(0, record.counts.done - leftOut)), total)
    }

    private func opening(_ header: RunHeader) -> String {
        let name = Sanitizer.line(header.workflow)
        return "\(name): \(Wording.count(header.steps.count, "step")), \(Wording.mode(header))"
            + style.dim(" (run \(Sanitizer.line(header.runID)))")
    }

    private func ending(_ step: Int, _ end: StepEnd, _ record: RunRecord) -> String {
        var detail = ""
        if let elapsed = record.steps.indices.contains(step) ? record.steps[step].duration : nil {
            detail = style.dim(" (\(Wording.duration(elapsed)))")
        }
        if end.status == .complete, record.steps.indices.contains(step),
            let detour = record.detourText(of: step)
        {
            detail += ": " + detour
        } else if end.status == .complete, !announced.contains(step),
            let cause = record.shownCause(of: step)
        {
            // A quick step was never announced.
            detail += style.dim(": \(cause)")
        }
        if let reason = end.reason {
            detail += ": " + Sanitizer.line(record.text(of: reason, by: step))
        }
        if end.isAllowed, end.status == .failed { detail += ", which is allowed" }
        if end.status == .failed, record.steps.indices.contains(step),
            let attempt = record.attemptText(of: step)
        {
            detail += " (\(attempt))"
        }
        let word: Mark =
            switch end.status {
            case .complete: .ok
            case .failed: end.isAllowed ? .allowed : .failed
            case .cached: .cached
            case .aborted: .aborted
            case .skipped, .pending, .running: .skipped
            }
        return line(word, step, record, detail: detail)
    }

    private mutating func skip(_ step: Int, _ reason: StepReason, _ record: RunRecord) -> String? {
        switch reason {
        case .notSelected:
            leftOut += 1
            return nil
        case .interrupted, .faulted, .halted, .timedOut(.run, _), .doneEarlier, .upToDate,
            .unchanged:
            // The line about the stop covers all of them, and the summary counts them.
            return nil
        default:
            return line(
                .skipped, step, record,
                detail: ": " + Sanitizer.line(record.text(of: reason, by: step)))
        }
    }

    private func barrier(_ task: Int, _ phase: Int, _ record: RunRecord) -> String {
        Sanitizer.line(record.name(of: Barrier(task: task, phase: phase))) + " has ended"
    }

    enum Mark: String {
        case retry, review, busy
        case ok, failed = "FAILED", allowed = "failed", aborted, skipped, cached, running
        case waiting, waited, timeout, killed
    }

    func line(
        _ mark: Mark, _ step: Int, _ record: RunRecord, detail: String = ""
    ) -> String {
        let word = TextWidth.pad(mark.rawValue, to: 8)
        let styleed =
            switch mark {
            case .ok, .cached: style.green(word)
            case .failed, .killed: style.red(word)
            case .allowed, .aborted, .waiting, .waited, .timeout, .retry, .review, .busy:
                style.yellow(word)
            case .skipped, .running: style.dim(word)
            }
        let head = counter(record) + styleed
        // Never let a description wrap the line.
        let room = columns.map {
            $0 - 1 - TextWidth.columns(of: Sanitizer.line(head + detail))
        }
        return head + record.shownTitle(of: step, columns: room ?? .max) + detail
    }

    func counter(_ record: RunRecord) -> String {
        let (done, total) = progress(record)
        let all = String(total)
        let number = String(done)
        let fill = String(repeating: " ", count: max(0, all.count - number.count))
        return "[\(fill)\(number)/\(all)] "
    }

    func id(of step: Int, _ record: RunRecord) -> String { record.shownName(of: step) }
}
