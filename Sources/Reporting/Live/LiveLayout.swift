import Execution

/// What the live region shows: a line per running step, per waiting step, and the bar.
struct LiveLayout {
    let style: Style
    /// Columns that a line may take.
    let columns: Int
    /// Lines that the region may take.
    var rows: Int

    /// The largest width of a line; it bounds the rows that a line takes once the terminal is made
    /// narrow.
    static let maxColumns = 119

    /// A layout for a terminal, or nil for one that is too small to be drawn over.
    init?(style: Style, size: (columns: Int, rows: Int)) {
        guard size.columns >= 20, size.rows >= 6 else { return nil }
        self.style = style
        // The last column stays free: some terminals wrap as soon as it is written.
        columns = min(size.columns - 1, LiveLayout.maxColumns)
        // A terminal that is made a third as wide wraps each line into three, and all of them must
        // still fit on the screen: what has scrolled off at the top can no longer be erased.
        rows = size.rows / 3
    }

    /// The lines of the region at a moment.
    func lines(
        running: [Int], waiting: [Int], progress: (done: Int, total: Int), record: RunRecord,
        at now: RunTime, lastLine: (Int) -> String
    ) -> [LiveRegion.Line] {
        let room = rows - 1
        let isCrowded = running.count + waiting.count > room
        let shownRunning = running.prefix(isCrowded ? room - 1 : room)
        let shownWaiting = waiting.prefix((isCrowded ? room - 1 : room) - shownRunning.count)
        let ids = shownRunning + shownWaiting
        let width = min(columns / 3, ids.map { TextWidth.columns(of: id($0, record)) }.max() ?? 0)
        var lines = shownRunning.map { step in
            let elapsed = record.steps[step].elapsed(at: now) ?? 0
            let clock = ProgressLine.clock(elapsed)
            let gap = String(repeating: " ", count: max(0, 6 - clock.count))
            // Show why it runs until it has written a line itself.
            let last = lastLine(step)
            let text = last.isEmpty ? record.shownCause(of: step) ?? "" : last
            return line([
                (name(step, width, record), { $0 }), (gap + clock + "  ", { $0 }),
                (note(step, record), style.yellow), (text, style.dim),
            ])
        }
        lines += shownWaiting.map { step in
            if let pause = record.pauseText(of: step, at: now) {
                return line([(name(step, width, record) + "  ", { $0 }), (pause, style.yellow)])
            }
            let holder = record.steps[step].waitingFor.map(Wording.holder) ?? ""
            return line([
                (name(step, width, record), { $0 }), ("  waits: ", style.yellow),
                (holder, style.dim),
            ])
        }
        if isCrowded {
            let more = [
                (running.count - shownRunning.count, "running"),
                (waiting.count - shownWaiting.count, "waiting"),
            ].filter { $0.0 > 0 }.map { "+\($0) more \($1)" }
            lines.append(line([("  " + more.joined(separator: ", "), style.dim)]))
        }
        lines.append(bar(running.count, waiting.count, progress, record, now))
        return lines
    }

    private func bar(
        _ running: Int, _ waiting: Int, _ progress: (done: Int, total: Int), _ record: RunRecord,
        _ now: RunTime
    ) -> LiveRegion.Line {
        // Last, because a narrow terminal can leave it out.
        let slowed = record.slowedText(at: now).map { "  " + $0 }.joined()
        let length = max(0, min(24, columns - 40 - TextWidth.columns(of: slowed)))
        let filled = progress.total > 0 ? length * progress.done / progress.total : length
        let empty = String(repeating: " ", count: length - filled)
        let gauge = length > 0 ? "[" + String(repeating: "=", count: filled) + empty + "] " : ""
        let failed = record.counts[.failed]
        var parts = ["\(running) running"]
        if waiting > 0 { parts.append("\(waiting) waiting") }
        let tail = failed > 0 ? ", \(failed) failed" : ""
        let head = gauge + "\(progress.done)/\(progress.total)  "
        return line([
            (head + parts.joined(separator: ", "), { $0 }),
            (tail, style.red), ("  " + ProgressLine.clock(now.nanoseconds), { $0 }),
            (slowed, style.yellow),
        ])
    }

    /// What is unusual about a running step: its attempt number, and that it is being checked.
    private func note(_ step: Int, _ record: RunRecord) -> String {
        var parts = record.attemptText(of: step).map { [$0] } ?? []
        if record.steps[step].isChecking { parts.append("checks") }
        return parts.isEmpty ? "" : parts.joined(separator: ", ") + "  "
    }

    private func name(_ step: Int, _ width: Int, _ record: RunRecord) -> String {
        "  " + TextWidth.pad(TextWidth.clip(id(step, record), to: width), to: width)
    }

    private func id(_ step: Int, _ record: RunRecord) -> String { record.shownTitle(of: step) }

    /// Parts of a line; each is clipped to the remaining width before it is coloured.
    private func line(_ parts: [(text: String, paint: (String) -> String)]) -> LiveRegion.Line {
        var text = ""
        var used = 0
        for part in parts {
            let clipped = TextWidth.clip(part.text, to: columns - used)
            used += TextWidth.columns(of: clipped)
            text += part.paint(clipped)
        }
        return LiveRegion.Line(text: text, columns: used)
    }
}
