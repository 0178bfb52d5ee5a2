public import Execution

/// Wording shared by all views, so that one thing has one name.
public enum Wording {
    /// A number with its noun: `1 step`, `3 steps`; `plural` for a plural without `s`.
    public static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// Words as a list: `a`, `a and b`, `a, b and c`.
    public static func list(_ words: [String], _ conjunction: String = "and") -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
    }

    /// Words as a list that names at most `limit` of them: `a, b and 3 more`.
    public static func list(_ words: [String], atMost limit: Int) -> String {
        guard words.count > limit else { return list(words) }
        let shown = words.prefix(max(0, limit))
        guard !shown.isEmpty else { return "\(words.count)" }
        return shown.joined(separator: ", ") + " and \(words.count - shown.count) more"
    }

    /// A measured length of time: `7ms`, `0.3s`, `2m05s`.
    public static func duration(_ nanoseconds: Int64) -> String {
        DurationText.measured(nanoseconds: nanoseconds)
    }

    /// An offset from the run's beginning: `T+0ms`, `T+1.5s`.
    public static func offset(_ time: RunTime) -> String {
        "T+" + DurationText.measured(nanoseconds: time.nanoseconds)
    }

    /// A size: `0 bytes`, `812 bytes`, `1.5 KiB`, `256.0 MiB`.
    public static func bytes(_ number: Int64) -> String {
        let number = max(0, number)
        guard number >= 1024 else { return number == 1 ? "1 byte" : "\(number) bytes" }
        let units = ["KiB", "MiB", "GiB", "TiB"]
        // Tenths of the unit, rounded; the next unit is used before 1024.0 would be shown.
        var size = Double(number) / 1024
        var unit = 0
        while size >= 1023.95, unit < units.count - 1 {
            size /= 1024
            unit += 1
        }
        let tenths = Int64(size * 10 + 0.5)
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// A part of a whole in whole percent; 0 when the whole is 0.
    public static func percent(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0 else { return "0%" }
        return "\(Int(Double(max(0, min(part, whole))) * 100 / Double(whole) + 0.5))%"
    }

    /// What a step waits for.
    public static func holder(_ holder: LockHolder) -> String { Sanitizer.line(holder.sentence) }

    /// The number of steps in each status, in the order that matters to a reader: `3 complete, 1
    /// failed`.
    ///
    /// The given number of skipped steps is not counted, and the given numbers of steps are shown
    /// as done earlier and as up to date. A step that a dead stepvisor left running is `unknown`.
    public static func counts(
        _ counts: StatusCounts, without leftOut: Int = 0, doneEarlier: Int = 0,
        upToDate: Int = 0, isInterrupted: Bool = false, style: Style = .plain
    ) -> String {
        let order: [StepStatus] = [
            .complete, .cached, .running, .pending, .skipped, .aborted, .failed,
        ]
        var parts = order.compactMap { status -> String? in
            let others = status == .skipped ? leftOut + doneEarlier + upToDate : 0
            let number = counts[status] - others
            let word = isInterrupted && status == .running ? "unknown" : status.rawValue
            return number > 0 ? style.paint("\(number) \(word)", as: status) : nil
        }
        if doneEarlier > 0 { parts.append(style.green("\(doneEarlier) \(Self.doneEarlier)")) }
        if upToDate > 0 { parts.append(style.green("\(upToDate) \(Self.upToDate)")) }
        return parts.joined(separator: ", ")
    }

    /// The status shown for a step that did not have to run.
    public static let upToDate = "up to date"

    /// The status shown for a step that succeeded in an earlier run.
    public static let doneEarlier = "done earlier"

    /// The status of a step, in a word or two.
    public static func status(_ step: StepRecord) -> String {
        step.isDoneEarlier ? doneEarlier : step.isUpToDate ? upToDate : step.status.rawValue
    }

    /// The largest width of the reason of a running step.
    static let causeColumns = 100

    /// A task by its id; the steps outside of declared tasks have a task without id.
    public static func task(_ id: String, atStart isAtStart: Bool = false) -> String {
        if id.isEmpty { return isAtStart ? "Steps outside of tasks" : "steps outside of tasks" }
        return (isAtStart ? "Task " : "task ") + Sanitizer.line(id)
    }

    /// How the steps of a run are parallel: `sequential`, `parallel, at most 3 at once`.
    public static func mode(_ header: RunHeader) -> String {
        switch header.mode {
        case .sequential: "sequential"
        case .parallel: "parallel, at most \(header.maxParallelSteps) at once"
        }
    }
}

extension RunRecord {
    /// A step's id, safe to show.
    func shownName(of step: Int) -> String { Sanitizer.line(name(of: step)) }

    /// Why a step had to run, in short; nil when the run does not record it.
    func shownCause(of step: Int) -> String? {
        guard let causes = causes[step], !causes.isEmpty else { return nil }
        return TextWidth.clip(Sanitizer.line(causes.text), to: Wording.causeColumns)
    }

    /// Why a step has its status, safe to show.
    func shownReason(of step: Int) -> String? { reasonText(of: step).map { Sanitizer.line($0) } }
}
