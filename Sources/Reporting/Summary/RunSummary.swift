public import Execution

/// What is printed at the end of a run: what did not run, what failed and why, and the totals.
public struct RunSummary: Sendable {
    let record: RunRecord
    private let surroundings: ViewSurroundings
    let options: [String]
    private let tailLines: Int
    let style: Style
    private let namesLeftOut: Bool
    private let followsText: Bool
    /// Steps excluded by the command line: they are not part of the run.
    private let leftOut: Int
    /// With more failures than this, only the last ones show their logs.
    private static let failuresWithTail = 20
    private static let tailBytes = 8192

    /// The summary of a run.
    ///
    /// - Parameters:
    ///   - record: The record of the run.
    ///   - surroundings: Where the logs are.
    ///   - options: Arguments that name the workflow, such as `-f PATH`, for the command that
    ///     reruns a step.
    ///   - tailLines: The largest number of log lines shown for a failed step.
    ///   - style: Colours or none.
    ///   - namesLeftOut: Whether steps excluded by the command line are named, not only counted.
    ///   - followsText: Whether lines of progress come before it; then an empty line separates the
    ///     failures.
    public init(
        _ record: RunRecord, surroundings: ViewSurroundings, options: [String] = [],
        tailLines: Int = 20, style: Style = .plain, namesLeftOut: Bool = false,
        followsText: Bool = false
    ) {
        self.record = record
        self.surroundings = surroundings
        self.options = options
        self.tailLines = tailLines
        self.style = style
        self.namesLeftOut = namesLeftOut
        self.followsText = followsText
        leftOut = record.steps.count { $0.reason == .notSelected }
    }

    /// The whole text, newline at its end.
    public var text: String {
        let failed = record.failedSteps
        var lines = notRun + notes
        for (position, step) in failed.enumerated() {
            let showsTail = failed.count - position <= Self.failuresWithTail
            if !lines.isEmpty || followsText { lines.append("") }
            lines += failure(step, showsTail: showsTail)
        }
        if !failed.isEmpty { lines.append("") }
        let commands = decisionCommands
        if !commands.isEmpty { lines += commands + [""] }
        lines.append(totals)
        if let further { lines.append(further) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The steps that did not run or were stopped, one line for each kind of reason.
    private var notRun: [String] {
        var groups: [(group: Group, steps: [Int])] = []
        var places: [Group: Int] = [:]
        for (index, step) in record.steps.enumerated()
        where (step.status == .aborted || step.status == .skipped)
            && (namesLeftOut
                || step.reason != .notSelected && !step.isDoneEarlier && !step.isUpToDate)
        {
            let group = Group(status: step.status, reason: sharedReason(of: index, step))
            if let place = places[group] {
                groups[place].steps.append(index)
            } else {
                places[group] = groups.count
                groups.append((group, [index]))
            }
        }
        return groups.map { group, steps in
            let names = steps.map { record.shownName(of: $0) }
            let count = names.count > 1 ? " \(names.count) steps" : ""
            let reason = group.reason.map { " (\($0))" } ?? ""
            return style.paint("\(group.status.rawValue)\(count)", as: group.status)
                + ": \(Wording.list(names, atMost: 8))\(reason)"
        }
    }

    private struct Group: Hashable {
        var status: StepStatus
        var reason: String?
    }

    /// The reason, worded so that steps with different dependencies share it.
    private func sharedReason(of index: Int, _ step: StepRecord) -> String? {
        if case .dependencyFailed = step.reason { return "a dependency did not end well" }
        return record.shownReason(of: index)
    }

    private func failure(_ index: Int, showsTail: Bool) -> [String] {
        let step = record.steps[index]
        let name = record.shownTitle(of: index)
        let reason = record.shownReason(of: index) ?? "no reason was given"
        let length = step.duration.map { " after \(Wording.duration($0))" } ?? ""
        let attempts = record.attemptText(of: index).map { ", \($0)" } ?? ""
        let isLast = record.header.steps[index].isFinalizer
        let allowed = step.isAllowed ? " (allowed)" : isLast ? " (always runs)" : ""
        let title = "\(style.red("FAILED")) \(style.bold(name))\(allowed)\(length)"
        var lines = ["\(title): \(reason)\(attempts)"]
        lines += attemptLines(of: index)
        if step.startedAt != nil {
            if showsTail { lines += tail(of: index) }
            lines.append("  log: \(Sanitizer.line(surroundings.logPath(index)))")
        }
        lines.append("  run it again: \(rerun(index))")
        return lines
    }

    private func tail(of index: Int) -> [String] {
        guard tailLines > 0 else { return [] }
        let bytes = surroundings.logTail(index, Self.tailBytes)
        var lines = Sanitizer.lines(bytes: bytes)
        // The beginning of the first line has probably been cut off.
        if bytes.count >= Self.tailBytes, lines.count > 1 { lines.removeFirst() }
        return lines.suffix(tailLines).map { style.dim("  | ") + $0 }
    }

    private func rerun(_ index: Int) -> String {
        // The condition needs results from other steps of the same run.
        var only = ["--only"]
        if case .conditionError = record.steps[index].reason { only = [] }
        let words = ["stepvisor", "run"] + options + only + [record.name(of: index)]
        return Sanitizer.line(words.map { ShellWord.quoted($0) }.joined(separator: " "))
    }

    /// How to continue a run that left steps undone; the failures have hints of their own.
    private var further: String? {
        guard record.status == .aborted || record.status == .failed else { return nil }
        // After an internal fault, its message says whether the run can be resumed.
        guard record.fault == nil else { return nil }
        let skipped =
            record.counts[.skipped] - leftOut - record.doneEarlierCount - record.upToDateCount
        guard record.counts[.aborted] + skipped > 0 else { return nil }
        let words = ["stepvisor", "run"] + options + ["--resume"]
        return Sanitizer.line("go on: " + words.map { ShellWord.quoted($0) }.joined(separator: " "))
    }

    /// The usual duration of the steps that did not have to run, if known.
    private var usualTimeOfSpared: String {
        let spared = record.steps.indices.reduce(Int64(0)) { sum, step in
            guard record.steps[step].isUpToDate || record.steps[step].status == .cached else {
                return sum
            }
            return sum + (surroundings.usualTime(step) ?? 0)
        }
        return spared >= 50_000_000 ? " (usually taking \(Wording.duration(spared)))" : ""
    }

    private var totals: String {
        let wall = Wording.duration(record.wallTime())
        let planned = record.steps.count - leftOut
        let total = Wording.count(planned, "step")
        let upToDate = record.upToDateCount
        let counts = Wording.counts(
            record.counts, without: leftOut, doneEarlier: record.doneEarlierCount,
            upToDate: upToDate, style: style)
        let ending = leftOut > 0 ? "; \(Wording.count(leftOut, "step")) left out" : ""
        if planned == 0, leftOut > 0, record.status == .complete {
            return style.green("nothing to do") + ending
        }
        if planned == upToDate, record.status == .complete {
            let all = planned == 1 ? "the step is" : "all \(total) are"
            return style.green("nothing to do") + ": \(all) up to date\(ending)"
        }
        // Cached steps did not run either.
        let hasRun = record.steps.contains { $0.launchedAt != nil }
        if !hasRun, record.status == .complete {
            return style.green("nothing to do")
                + ": no step of \(total) had to run (\(counts))\(ending)"
        }
        var status = record.status.rawValue
        if let fault = record.fault {
            status += " (\(Sanitizer.line(fault.reason)))"
        } else if let signal = record.stopSignal {
            status += " by \(SignalName.name(of: signal))"
        }
        var line = style.paint(status, as: record.status) + ": \(counts)\(usualTimeOfSpared)"
        line += " of \(total) in \(wall)"
        // Less than that is within the cost of starting the steps.
        if let saved = record.timeSaved, saved >= 50_000_000 {
            let sum = record.sumOfStepTimes()
            let part = Wording.percent(saved, of: sum)
            line += "; parallel saved up to \(Wording.duration(saved)) of \(Wording.duration(sum))"
            line += " (\(part))"
        }
        if !record.notices.isEmpty {
            line += "; " + Wording.count(record.notices.count, "warning")
        }
        return line + ending
    }
}
