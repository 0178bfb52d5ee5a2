public import Execution

/// Progress on a terminal: running steps are redrawn at the bottom, and lines about ended steps
/// scroll above.
///
/// Only changes cause output: no spinner, whole seconds, and a frame equal to the one before is no
/// text at all. The cursor is never hidden. On a terminal that is too small or of unknown size it
/// prints what ``PlainView`` prints; it also does so while a person is asked, since the cursor
/// position is unknown while somebody types.
public struct LiveView: RunView {
    private let style: Style
    private let output: OutputMode
    private var plain: PlainView
    private var region = LiveRegion()
    /// Lines of events since the last frame.
    private var scroll = ""
    private var waiting: [Int] = []
    private var hasEnded = false
    private var size: (columns: Int, rows: Int)?
    /// When a frame last found another terminal size than the frame before.
    private var resizedAt: RunTime?

    /// How long after a resize the region stays small: another resize may follow, and some
    /// terminals report their size late.
    private static let resizePause: Int64 = 1_000_000_000

    /// Bytes at the end of a log that are searched for the last line.
    static let tailLength = 1024

    /// A view for the given `--output`; the rest as for ``RunSummary``.
    public init(
        output: OutputMode = .failures, style: Style = .colored, options: [String] = [],
        namesLeftOut: Bool = false
    ) {
        self.output = output
        self.style = style
        plain = PlainView(
            output: output, style: style, options: options, namesLeftOut: namesLeftOut,
            isTerminal: true)
        // The region shows the waiting steps.
        plain.waits.isSaidAfterwards = false
    }

    /// Ten frames a second.
    public var frameInterval: Int64? { output == .none ? nil : 100_000_000 }

    /// Handles an event; its line is printed with the next frame, so many events cost one drawing.
    public mutating func handle(_ event: RunEvent, record: RunRecord) -> String {
        scroll += plain.text(of: event, record: record)
        switch event.kind {
        case .waiting(let step, _), .retryScheduled(let step, _, _, _), .reviewWanted(let step):
            guard record.steps.indices.contains(step) else { break }
            if !waiting.contains(step) { waiting.append(step) }
        case .launched(let step, _, _, _), .skipped(let step, _), .ended(let step, _):
            waiting.removeAll { $0 == step }
        case .skippedTogether(let steps, _):
            waiting.removeAll { steps.contains($0) }
        case .runEnded:
            hasEnded = true
        default:
            break
        }
        return ""
    }

    /// The lines since the last frame, and the region if it has changed.
    public mutating func frame(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        guard output != .none else { return "" }
        let size = surroundings.terminalSize
        noteSize(size, at: now)
        guard let size, var layout = LiveLayout(style: style, size: size), !hasEnded,
            !plain.isAsking
        else {
            let erased = region.erase()
            return erased
                + plain.frame(
                    below: takeScroll(), at: now, record: record, surroundings: surroundings)
        }
        if let resizedAt, now - resizedAt < LiveView.resizePause { layout.rows = 2 }
        plain.lines.columns = size.columns
        let text = takeScroll() + plain.logText(surroundings)
        let lines = layout.lines(
            running: plain.running.map(\.step), waiting: waiting,
            progress: plain.lines.progress(record), record: record, at: now,
            lastLine: { LiveView.lastLine(of: surroundings.logTail($0, LiveView.tailLength)) })
        return region.draw(lines, below: text, size: size)
    }

    /// A question in place of the region.
    public mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int, at now: RunTime, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String {
        region.erase()
            + plain.ask(
                question, below: takeScroll(), typedLines: typedLines, record: record,
                surroundings: surroundings)
    }

    /// What runs now, printed above the region, which the next frame draws again.
    public mutating func status(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        withdraw(surroundings: surroundings)
            + plain.status(at: now, record: record, surroundings: surroundings)
    }

    /// Removes the region.
    public mutating func withdraw(surroundings: ViewSurroundings) -> String {
        let erased = region.erase()
        return erased + plain.withdraw(surroundings: surroundings) + takeScroll()
    }

    /// Removes the region and prints the remaining output, part by part.
    public mutating func rest(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String? {
        let above =
            region.erase()
            + plain.withdraw(surroundings: surroundings) + takeScroll()
        let text = plain.rest(at: now, record: record, surroundings: surroundings)
        return text.map { above + $0 } ?? (above.isEmpty ? nil : above)
    }

    /// Removes the region and prints the summary.
    public mutating func finish(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        let erased = region.erase()
        return erased + plain.withdraw(surroundings: surroundings) + takeScroll()
            + plain.finish(at: now, record: record, surroundings: surroundings)
    }

    private mutating func noteSize(_ newSize: (columns: Int, rows: Int)?, at now: RunTime) {
        if let size, let newSize, size != newSize { resizedAt = now }
        size = newSize ?? size
    }

    private mutating func takeScroll() -> String {
        defer { scroll = "" }
        return scroll
    }

    /// The last line of a log with visible text.
    static func lastLine(of tail: [UInt8]) -> String {
        var rest = tail[...]
        while !rest.isEmpty {
            let start = rest.lastIndex(of: 0x0A).map { $0 + 1 } ?? rest.startIndex
            let line = Sanitizer.line(bytes: rest[start...])
            let isSeparator = line.hasPrefix("--- stepvisor: ") && line.hasSuffix(" ---")
            if !isSeparator, line.contains(where: { !$0.isWhitespace }) {
                return String(line.drop(while: \.isWhitespace))
            }
            rest = rest[..<max(rest.startIndex, start - 1)]
        }
        return ""
    }
}
