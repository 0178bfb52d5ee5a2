public import Execution

/// A run as bars over time: the output of `stepvisor timeline`.
///
/// All bars share one scale, so steps that ran at the same time overlap.
public struct Timeline: Sendable {
    private let record: RunRecord
    private let now: RunTime
    private let columns: Int
    private let style: Style

    /// A timeline of a run.
    ///
    /// - Parameters:
    ///   - record: The record of the run.
    ///   - now: The present, as a time of the run; running steps are drawn up to it.
    ///   - columns: Width of the terminal; anything below 1 counts as 80.
    ///   - isAlive: Whether the run's stepvisor process lives; if not, bars end at the last event.
    ///   - style: Colours or none.
    public init(
        _ record: RunRecord, at now: RunTime, columns: Int, isAlive: Bool, style: Style = .plain
    ) {
        var record = record
        if !isAlive { record.markInterrupted() }
        self.record = record
        self.now = record.endedAt ?? (isAlive ? now : record.lastEventAt)
        self.columns = columns < 1 ? 80 : min(columns, 500)
        self.style = style
    }

    /// The whole text, newline at its end.
    public var text: String {
        let bars = record.steps.indices.flatMap { attemptBars(of: $0) }
        let scale = Scale(record, bars: bars, now: now, columns: columns)
        var lines: [String] = []
        for group in ShownPhases(record.header).groups { lines += section(of: group, scale) + [""] }
        return (lines + footer).joined(separator: "\n") + "\n"
    }

    /// The largest number of attempts drawn for a step; earlier ones are only counted.
    private static let maxBars = 8

    /// One attempt of a step.
    struct Bar {
        var attempt: AttemptRecord
        /// The start of the next attempt, or the present while the step waits for it.
        var retryAt: RunTime?
        /// The step's id, or the number of the further attempt.
        var name: String
        var isFirst: Bool
    }

    /// The attempts of a step, in order.
    private func attemptBars(of index: Int) -> [Bar] {
        let step = record.steps[index]
        let attempts = step.allAttempts
        return attempts.indices.map { place in
            let attempt = attempts[place]
            var rest: RunTime?
            if place + 1 < attempts.count {
                rest = attempts[place + 1].launchedAt
            } else if attempt.completedAt != nil, !step.status.isFinal {
                rest = now
            }
            let method = attempt.method == .primary ? "attempt" : "\(attempt.method)"
            return Bar(
                attempt: attempt, retryAt: rest,
                name: place == 0
                    ? record.shownTitle(of: index) : "\(method) \(attempt.number)",
                isFirst: place == 0)
        }
    }

    private func section(of group: ShownPhases.Group, _ scale: Scale) -> [String] {
        let launched = group.steps.filter { record.steps[$0].launchedAt != nil }.sorted { a, b in
            let first = record.steps[a].firstLaunchedAt ?? .zero
            let second = record.steps[b].firstLaunchedAt ?? .zero
            return (first, a) < (second, b)
        }
        var lines = [style.bold(title(of: group, launched: launched))]
        for step in launched {
            let bars = attemptBars(of: step)
            guard bars.count > Self.maxBars else {
                lines += bars.map { row(of: $0, scale) }
                continue
            }
            lines.append(row(of: bars[0], scale))
            let left = bars.count - Self.maxBars
            lines.append(style.dim("  … \(Wording.count(left, "more attempt"))"))
            lines += bars.suffix(Self.maxBars - 1).map { row(of: $0, scale) }
        }
        let words = [StepStatus.cached, .skipped, .pending].map(\.rawValue)
        for word in [Wording.doneEarlier, Wording.upToDate] + words {
            let others = group.steps.filter {
                record.steps[$0].launchedAt == nil && Wording.status(record.steps[$0]) == word
            }
            guard !others.isEmpty else { continue }
            let names = others.map { "[\(record.shownName(of: $0))]" }
            lines.append(style.dim("\(word): \(Wording.list(names, atMost: 8))"))
        }
        return lines
    }

    /// `Phase 1 (parallel)` is based on measurement: some of its steps ran at the same time.
    private func title(of group: ShownPhases.Group, launched: [Int]) -> String {
        let title = group.title.prefix(1).uppercased() + group.title.dropFirst()
        guard !launched.isEmpty else { return title }
        // In order of their start, two overlap exactly if one starts before all earlier ones end.
        let attempts = launched.flatMap { record.steps[$0].allAttempts }
            .sorted { $0.launchedAt < $1.launchedAt }
        var end = RunTime(nanoseconds: .min)
        var isParallel = false
        for attempt in attempts {
            if attempt.launchedAt < end { isParallel = true }
            end = max(end, attempt.completedAt ?? now)
        }
        return title + (isParallel ? " (parallel)" : " (sequential)")
    }

    private func row(of bar: Bar, _ scale: Scale) -> String {
        let attempt = bar.attempt
        let clock = Timestamp.timeOfDay(record.header.startedAt.advanced(to: attempt.launchedAt))
        let offset = TextWidth.pad(Wording.offset(attempt.launchedAt), to: scale.offsetWidth)
        let name = TextWidth.clip(bar.name, to: scale.nameWidth - 2)
        let label = TextWidth.pad(bar.isFirst ? "[\(name)]" : "  \(name)", to: scale.nameWidth)
        let (blank, drawn) = scale.bar(
            from: attempt.launchedAt, to: attempt.completedAt ?? now, tip: tip(of: attempt))
        let end = blank + drawn.count
        let rest = bar.retryAt.map { max(0, scale.column(of: $0) - end) } ?? 0
        let left = max(0, scale.chartWidth - end - rest)
        let isLost = record.status == .interrupted && attempt.status == .running
        let word = isLost ? "unknown" : attempt.isBusy ? "busy" : attempt.status.rawValue
        let length = Wording.duration(attempt.elapsed(at: now))
        return style.dim(clock) + " \(offset) \(label) "
            + String(repeating: " ", count: blank) + style.paint(drawn, as: attempt.status)
            + style.dim(String(repeating: ".", count: rest))
            + String(repeating: " ", count: left) + " "
            + style.paint(word, as: attempt.status) + " (\(length))"
    }

    private func tip(of attempt: AttemptRecord) -> Character {
        switch attempt.status {
        case .complete, .cached: ">"
        case .failed: attempt.isBusy ? "b" : "X"
        case .aborted: "!"
        case .running: record.status == .interrupted ? "?" : "~"
        case .pending, .skipped: "-"
        }
    }

    private var footer: [String] {
        let wall = record.wallTime(at: now)
        let sum = record.sumOfStepTimes(at: now)
        var words = ["wall \(Wording.duration(wall))", "sum of steps \(Wording.duration(sum))"]
        if let saved = record.timeSaved, record.peakConcurrency > 1 {
            words.append(
                "saved up to \(Wording.duration(saved)) (\(Wording.percent(saved, of: sum)))")
        }
        words.append("most at once \(record.peakConcurrency)")
        var lines = [words.joined(separator: ", ")]
        let path = record.criticalPath(at: now)
        if path.steps.count > 1 {
            let names = path.steps.map { record.shownName(of: $0) }
            let shown = names.count > 12 ? names.prefix(6) + ["…"] + names.suffix(5) : names[...]
            lines.append(
                "longest chain \(Wording.duration(path.duration)): "
                    + shown.joined(separator: " → "))
        }
        return lines
    }
}

/// Maps times to columns.
private struct Scale {
    let offsetWidth: Int
    let nameWidth: Int
    let chartWidth: Int
    private let wall: Double

    /// Distributes the columns among clock, offset, name, chart and ending; the chart gets the
    /// rest.
    init(_ record: RunRecord, bars: [Timeline.Bar], now: RunTime, columns: Int) {
        let latest = bars.reduce(RunTime.zero) { latest, bar in
            max(latest, bar.retryAt ?? bar.attempt.completedAt ?? now)
        }
        wall = Double(max(1, max(latest, record.endedAt ?? now).nanoseconds))
        offsetWidth = bars.reduce(6) { width, bar in
            max(width, Wording.offset(bar.attempt.launchedAt).count)
        }
        let widest = bars.reduce(1) { max($0, TextWidth.columns(of: $1.name)) }
        nameWidth = min(widest, max(8, columns / 4)) + 2
        let clock = 8
        let ending = "complete (59.9s)".count
        chartWidth = max(10, columns - clock - offsetWidth - nameWidth - ending - 4)
    }

    /// The blank columns before a bar, and the bar itself with at least its tip.
    func bar(from start: RunTime, to end: RunTime, tip: Character) -> (blank: Int, bar: String) {
        let first = min(chartWidth - 1, column(of: start))
        let last = min(chartWidth, max(first + 1, column(of: end)))
        return (first, String(repeating: "=", count: last - first - 1) + String(tip))
    }

    func column(of time: RunTime) -> Int {
        let part = min(1, max(0, Double(time.nanoseconds) / wall))
        return Int(part * Double(chartWidth) + 0.5)
    }
}
