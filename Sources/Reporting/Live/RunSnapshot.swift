public import Execution

/// What a run is doing at a moment, printed when a signal asks for it.
public struct RunSnapshot {
    private let record: RunRecord
    private let now: RunTime
    private let style: Style
    private let surroundings: ViewSurroundings

    /// The largest number of running steps, and of waiting steps, that are named.
    static let maxNamed = 50
    /// Columns of a line when no terminal gives a width.
    static let ordinaryColumns = 120

    /// A run at a moment.
    public init(
        _ record: RunRecord, at now: RunTime, surroundings: ViewSurroundings, style: Style
    ) {
        self.record = record
        self.now = now
        self.surroundings = surroundings
        self.style = style
    }

    /// The counts by status, and a line for each step that runs or waits.
    public var text: String {
        let counts = Wording.counts(record.counts, style: style)
        var lines = ["now, after \(ProgressLine.clock(now.nanoseconds)): \(counts)"]
        let running = record.steps.indices.filter { record.steps[$0].status == .running }
        let waiting = record.steps.indices.filter {
            guard record.steps[$0].status == .pending else { return false }
            return record.steps[$0].waitingFor != nil || record.pauseText(of: $0, at: now) != nil
        }
        let named = running.prefix(RunSnapshot.maxNamed) + waiting.prefix(RunSnapshot.maxNamed)
        let columns = max(20, (surroundings.terminalSize?.columns ?? 0) - 1)
        let room = surroundings.terminalSize == nil ? RunSnapshot.ordinaryColumns : columns
        let widest = named.map { TextWidth.columns(of: record.shownTitle(of: $0)) }.max() ?? 0
        let width = min(room / 3, widest)
        for step in running.prefix(RunSnapshot.maxNamed) {
            let clock = ProgressLine.clock(record.steps[step].elapsed(at: now) ?? 0)
            let gap = String(repeating: " ", count: max(0, 6 - clock.count))
            lines.append(
                line("running ", style.cyan, step, width, gap + clock + "  ", room) {
                    var parts = record.attemptText(of: step).map { [$0] } ?? []
                    if record.steps[step].isChecking { parts.append("checks") }
                    parts.append(
                        LiveView.lastLine(of: surroundings.logTail(step, LiveView.tailLength)))
                    return parts.joined(separator: "  ")
                })
        }
        for step in waiting.prefix(RunSnapshot.maxNamed) {
            lines.append(
                line("waits   ", style.yellow, step, width, "  ", room) {
                    record.pauseText(of: step, at: now)
                        ?? record.steps[step].waitingFor.map(Wording.holder) ?? ""
                })
        }
        let more = [
            (running.count - RunSnapshot.maxNamed, "running"),
            (waiting.count - RunSnapshot.maxNamed, "waiting"),
        ].filter { $0.0 > 0 }.map { "\($0) more \($1)" }
        if !more.isEmpty { lines.append("  and " + Wording.list(more)) }
        let slowed = record.slowedText(at: now)
        if !slowed.isEmpty { lines.append("  " + style.yellow(Wording.list(slowed))) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func line(
        _ mark: String, _ paint: (String) -> String, _ step: Int, _ width: Int, _ middle: String,
        _ room: Int, _ detail: () -> String
    ) -> String {
        let name = TextWidth.pad(TextWidth.clip(record.shownTitle(of: step), to: width), to: width)
        let rest = TextWidth.clip(detail(), to: max(0, room - 10 - width - middle.count))
        var text = "  " + paint(mark) + name + middle + style.dim(rest)
        while text.last == " " { text.removeLast() }
        return text
    }
}
