public import Execution

/// The state of a run as a table: the output of `stepvisor status`, during or after a run.
public struct StatusText: Sendable {
    private let record: RunRecord
    private let now: RunTime
    private let style: Style
    private let awaiting: Set<Int>
    private let columns: Int?

    /// A table of a run.
    ///
    /// - Parameters:
    ///   - record: The record of the run.
    ///   - now: The present, as a time of the run.
    ///   - isAlive: Whether the run's stepvisor process lives; if not, a run without an end is
    ///     `interrupted`.
    ///   - columns: Width of the terminal; nil without one.
    ///   - style: Colours or none.
    public init(
        _ record: RunRecord, at now: RunTime, isAlive: Bool, columns: Int? = nil,
        style: Style = .plain
    ) {
        self.columns = columns
        var record = record
        if !isAlive { record.markInterrupted() }
        self.record = record
        // For a run that died, nothing is known beyond its last event.
        self.now = record.status == .interrupted ? record.lastEventAt : now
        self.style = style
        awaiting = Set(record.awaitingDecision)
    }

    /// The whole text, newline at its end.
    public var text: String {
        var lines = header
        let idWidth = columnWidth
        for group in ShownPhases(record.header).groups {
            lines += ["", style.bold(group.title)]
            lines += group.steps.map { row(of: $0, idWidth: idWidth) }
        }
        lines += ["", footer]
        let slowed = record.status == .running ? record.slowedText(at: now) : []
        if !slowed.isEmpty { lines.append(style.yellow(Wording.list(slowed))) }
        if record.mode != .silent { lines.append("mode: \(record.mode.rawValue)") }
        let decisions = record.decisionText
        if !decisions.isEmpty { lines.append("decided: " + Wording.list(decisions, atMost: 8)) }
        lines += record.warnings.map { style.yellow("warning: ") + Sanitizer.line($0) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var header: [String] {
        let header = record.header
        let status = style.paint(statusWord, as: record.status)
        let elapsed = Wording.duration(record.wallTime(at: now))
        let verb: String
        switch record.status {
        case .running: verb = "running for \(elapsed)"
        case .interrupted: verb = "last heard of after \(elapsed)"
        case .complete, .failed, .aborted, .review: verb = "took \(elapsed)"
        }
        let start = Timestamp.text(header.startedAt)
        let earlier = header.resumes.map { ", going on with run \(Sanitizer.line($0))" } ?? ""
        return [
            "run \(Sanitizer.line(header.runID)): \(status) (\(Wording.mode(header)))\(earlier)",
            "\(Sanitizer.line(header.workflow)), started \(start), \(verb)",
        ]
    }

    private var statusWord: String {
        if let fault = record.fault {
            let reason = Sanitizer.line(fault.reason)
            switch record.status {
            case .running: return "stopping (\(reason))"
            case .interrupted: break
            default: return "\(record.status.rawValue) (\(reason))"
            }
        } else if let signal = record.stopSignal, record.status != .running {
            return "\(record.status.rawValue) by \(SignalName.name(of: signal))"
        }
        if record.stopSignal != nil { return "stopping" }
        if record.status == .interrupted {
            let fault = record.fault.map { "; it was stopping: " + Sanitizer.line($0.reason) } ?? ""
            return "interrupted (its stepvisor, pid \(record.header.pid), is gone\(fault))"
        }
        return record.status.rawValue
    }

    private var footer: String {
        let total = Wording.count(record.steps.count, "step")
        let counts = Wording.counts(
            record.counts, doneEarlier: record.doneEarlierCount,
            upToDate: record.upToDateCount, isInterrupted: record.status == .interrupted,
            style: style)
        return "\(total): \(counts)"
    }

    /// Ids are at most 64 columns wide; a longer one, which only a foreign record can have, is not
    /// aligned.
    private var columnWidth: Int {
        record.steps.indices.reduce(0) { width, step in
            max(width, min(64, TextWidth.columns(of: title(of: step))))
        }
    }

    /// Status and duration keep their columns beside the title.
    private func title(of step: Int) -> String {
        record.shownTitle(of: step, columns: min(64, columns.map { $0 - 24 } ?? 64))
    }

    private func row(of index: Int, idWidth: Int) -> String {
        let step = record.steps[index]
        let id = TextWidth.pad(title(of: index), to: idWidth)
        let isLost = record.status == .interrupted && step.status == .running
        let word = TextWidth.pad(isLost ? "unknown" : step.status.rawValue, to: 8)
        let elapsed = step.elapsed(at: now).map { Wording.duration($0) } ?? ""
        let fill = String(repeating: " ", count: max(0, 7 - elapsed.count))
        let status = isLost ? style.yellow(word) : style.paint(word, as: step.status)
        var row = "  \(id)  \(status)  \(fill)\(elapsed)"
        let details = details(of: index)
        if !details.isEmpty { row += "  " + details.joined(separator: ", ") }
        while row.last == " " { row.removeLast() }
        return row
    }

    private func details(of index: Int) -> [String] {
        let step = record.steps[index]
        var details: [String] = []
        switch step.status {
        case .pending:
            if record.status == .running, let pause = record.pauseText(of: index, at: now) {
                details.append(pause)
                if let reason = record.shownReason(of: index) { details.append(reason) }
                return details
            }
            if let waiting = waiting(index) { details.append(waiting) }
        case .running where record.status == .interrupted:
            details.append("in flight when stepvisor died")
        case .running, .complete, .failed, .aborted, .skipped, .cached:
            if let reason = record.shownReason(of: index) { details.append(reason) }
        }
        if step.status == .failed, step.isAllowed { details.append("which is allowed") }
        if let cause = record.shownCause(of: index) {
            details.append(details.isEmpty ? cause : "due: \(cause)")
        }
        if step.isChecking { details.append("checks") }
        if step.status == .complete, let detour = record.detourText(of: index) {
            details.append(detour)
        } else if step.attempts > 1 {
            details.append(
                Wording.attempt(
                    step.attempts, of: record.wholeAttempts(of: index, number: step.attempts)))
            if case .backup = step.method, let method = step.method {
                details.append("by \(method.description)")
            }
        }
        if awaiting.contains(index) { details.append("a decision is wanted") }
        if !step.leftovers.isEmpty {
            let count = Wording.count(step.leftovers.count, "process", plural: "processes")
            let names = step.leftovers.map { "\(Sanitizer.line($0.command)), pid \($0.pid)" }
            details.append("\(count) outlived it (\(Wording.list(names, atMost: 2)))")
        }
        return details
    }

    private func waiting(_ index: Int) -> String? {
        if let holder = record.steps[index].waitingFor {
            return "waits: \(Wording.holder(holder))"
        }
        let open = record.header.steps[index].dependencies.map { Int($0) }.filter { dependency in
            record.steps.indices.contains(dependency)
                && !record.steps[dependency].status.isFinal
        }
        guard !open.isEmpty else { return nil }
        let names = open.map { "`\(record.shownName(of: $0))`" }
        return "waits for \(Wording.list(names, atMost: 3))"
    }
}
