public import Execution

/// A run as bars over time: what `stepvisor timeline` prints.
///
/// All bars share one scale, so that steps which ran at the same time stand above each other.
public struct Timeline: Sendable {
    private let record: RunRecord
    private let now: RunTime
    private let columns: Int
    private let style: Style

    /// A timeline of a run.
    ///
    /// - Parameters:
    ///   - record: What is known of the run.
    ///   - now: The present, as a time of the run; running steps are drawn up to it.
    ///   - columns: Width of the terminal; anything below 1 counts as 80.
    ///   - isAlive: Whether the run's stepvisor lives; if not, bars end at the last event.
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
        let layout = RunLayout(record.header)
        let launched = record.steps.indices.filter { record.steps[$0].launchedAt != nil }
        let scale = Scale(record, launched: launched, now: now, columns: columns)
        var lines: [String] = []
        for phase in layout.phases { lines += section(of: phase, scale) + [""] }
        return (lines + footer).joined(separator: "\n") + "\n"
    }

    private func section(of phase: RunLayout.Phase, _ scale: Scale) -> [String] {
        let bars = phase.steps.filter { record.steps[$0].launchedAt != nil }.sorted { a, b in
            let first = record.steps[a].launchedAt ?? .zero
            let second = record.steps[b].launchedAt ?? .zero
            return (first, a) < (second, b)
        }
        var lines = [style.bold(title(of: phase, bars: bars))]
        lines += bars.map { row(of: $0, scale) }
        let words = [StepStatus.cached, .skipped, .pending].map(\.rawValue)
        for word in [Wording.doneEarlier] + words {
            let others = phase.steps.filter {
                record.steps[$0].launchedAt == nil && Wording.status(record.steps[$0]) == word
            }
            guard !others.isEmpty else { continue }
            let names = others.map { "[\(record.shownName(of: $0))]" }
            lines.append(style.dim("\(word): \(Wording.list(names, atMost: 8))"))
        }
        return lines
    }

    /// `Phase 1 (parallel)` says what was measured: some of its steps ran at the same time.
    private func title(of phase: RunLayout.Phase, bars: [Int]) -> String {
        let tasks = record.header.tasks
        var title = "Phase \(phase.number)"
        if tasks.count > 1, tasks.indices.contains(phase.task) {
            title = "\(Wording.task(tasks[phase.task].id, atStart: true)), phase \(phase.number)"
        }
        guard !bars.isEmpty else { return title }
        // In order of their start, two overlap exactly if one starts before all earlier ones end.
        var end = RunTime(nanoseconds: .min)
        var isParallel = false
        for index in bars {
            let step = record.steps[index]
            if let launched = step.launchedAt, launched < end { isParallel = true }
            end = max(end, step.completedAt ?? now)
        }
        return title + (isParallel ? " (parallel)" : " (sequential)")
    }

    private func row(of index: Int, _ scale: Scale) -> String {
        let step = record.steps[index]
        let launched = step.launchedAt ?? .zero
        let end = step.completedAt ?? now
        let clock = Timestamp.timeOfDay(record.header.startedAt.advanced(to: launched))
        let offset = TextWidth.pad(Wording.offset(launched), to: scale.offsetWidth)
        let name = TextWidth.clip(record.shownName(of: index), to: scale.nameWidth - 2)
        let label = TextWidth.pad("[\(name)]", to: scale.nameWidth)
        let (blank, bar) = scale.bar(from: launched, to: end, tip: tip(of: step))
        let room = max(0, scale.chartWidth - blank - bar.count)
        let isLost = record.status == .interrupted && step.status == .running
        let word = isLost ? "unknown" : step.status.rawValue
        let length = Wording.duration(step.elapsed(at: now) ?? 0)
        return style.dim(clock) + " \(offset) \(label) "
            + String(repeating: " ", count: blank) + style.paint(bar, as: step.status)
            + String(repeating: " ", count: room) + " "
            + style.paint(word, as: step.status) + " (\(length))"
    }

    private func tip(of step: StepRecord) -> Character {
        switch step.status {
        case .complete, .cached: ">"
        case .failed: "X"
        case .aborted: "!"
        case .running: record.status == .interrupted ? "?" : "~"
        case .pending, .skipped: "-"
        }
    }

    private var footer: [String] {
        let wall = record.wallTime(at: now)
        let sum = record.sumOfStepTimes(at: now)
        let saved = record.timeSaved(at: now)
        var lines = [
            "wall \(Wording.duration(wall)), sum of steps \(Wording.duration(sum)), saved"
                + " \(Wording.duration(saved)) (\(Wording.percent(saved, of: sum))),"
                + " most at once \(record.peakConcurrency)"
        ]
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

/// Where times stand in columns.
private struct Scale {
    let offsetWidth: Int
    let nameWidth: Int
    let chartWidth: Int
    private let wall: Double

    /// Share the columns among clock, offset, name, chart and ending; the chart gets the rest.
    init(_ record: RunRecord, launched: [Int], now: RunTime, columns: Int) {
        let latest = launched.reduce(RunTime.zero) { latest, index in
            max(latest, record.steps[index].completedAt ?? now)
        }
        wall = Double(max(1, max(latest, record.endedAt ?? now).nanoseconds))
        offsetWidth = launched.reduce(6) { width, index in
            max(width, Wording.offset(record.steps[index].launchedAt ?? .zero).count)
        }
        let widest = launched.reduce(1) { width, index in
            max(width, TextWidth.columns(of: record.shownName(of: index)))
        }
        nameWidth = min(widest, max(8, columns / 4)) + 2
        let clock = 8
        let ending = "complete (59.9s)".count
        chartWidth = max(10, columns - clock - offsetWidth - nameWidth - ending - 4)
    }

    /// Columns before a bar and the bar itself, at least its tip.
    func bar(from start: RunTime, to end: RunTime, tip: Character) -> (blank: Int, bar: String) {
        let first = min(chartWidth - 1, column(of: start))
        let last = min(chartWidth, max(first + 1, column(of: end)))
        return (first, String(repeating: "=", count: last - first - 1) + String(tip))
    }

    private func column(of time: RunTime) -> Int {
        let part = min(1, max(0, Double(time.nanoseconds) / wall))
        return Int(part * Double(chartWidth) + 0.5)
    }
}
