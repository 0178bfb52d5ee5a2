public import Execution

/// Progress on a terminal: what runs is drawn over at the bottom, what has ended scrolls above.
///
/// Nothing moves but what changes: no spinner, whole seconds, and a frame that equals the one
/// before is no text at all. The cursor is never hidden. On a terminal that is too small, or whose
/// size is not known, it speaks as ``PlainView`` does.
public struct LiveView: RunView {
    private let style: Style
    private let output: OutputMode
    private var plain: PlainView
    private var region = LiveRegion()
    /// Lines of events since the last frame.
    private var scroll = ""
    private var waiting: [Int] = []
    private var hasEnded = false
    private var prompt: ReviewPrompt?
    /// Whether the plain view asks, since the terminal cannot be drawn over.
    private var asksPlainly = false
    private var question: ReviewQuestion?

    /// Bytes at the end of a log in which the last line is looked for.
    static let tailLength = 1024

    /// A view for the given `--output`; the rest as for ``RunSummary``.
    public init(
        output: OutputMode = .failures, style: Style = .colored, options: [String] = [],
        namesLeftOut: Bool = false
    ) {
        self.output = output
        self.style = style
        plain = PlainView(
            output: output, style: style, options: options, namesLeftOut: namesLeftOut)
    }

    /// Ten frames a second.
    public var frameInterval: Int64? { output == .none ? nil : 100_000_000 }

    /// Takes in an event; its line comes with the next frame, so that many cost one drawing.
    public mutating func handle(_ event: RunEvent, record: RunRecord) -> String {
        scroll += plain.handle(event, record: record)
        switch event.kind {
        case .waiting(let step, _), .retryScheduled(let step, _, _, _), .reviewWanted(let step):
            guard record.steps.indices.contains(step) else { break }
            if !waiting.contains(step) { waiting.append(step) }
        case .launched(let step, _, _, _), .skipped(let step, _), .ended(let step, _):
            waiting.removeAll { $0 == step }
        case .runEnded:
            hasEnded = true
        default:
            break
        }
        return ""
    }

    /// Lines since the last frame, and the region where it has changed.
    public mutating func frame(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        guard output != .none else { return "" }
        let size = surroundings.terminalSize
        guard var layout = LiveLayout(style: style, size: size), !hasEnded else {
            let erased = region.erase(columns: size?.columns)
            return erased + askPlainly(question, at: now, record, surroundings) + takeScroll()
                + plain.frame(at: now, record: record, surroundings: surroundings)
        }
        let relieved = askPlainly(nil, at: now, record, surroundings)
        let text = relieved + takeScroll() + plain.logText(surroundings)
        var asked: [LiveRegion.Line] = []
        if let prompt, let rows = size?.rows {
            asked = prompt.lines(columns: layout.columns, rows: max(1, rows - 4))
            layout.rows = max(1, min(layout.rows, rows - asked.count - 2))
        }
        let lines = layout.lines(
            running: plain.running.map(\.step), waiting: waiting,
            progress: plain.lines.progress(record), record: record, at: now,
            lastLine: { LiveView.lastLine(of: surroundings.logTail($0, LiveView.tailLength)) })
        return region.draw(
            lines + asked, below: text, columns: size?.columns ?? 0,
            prompt: prompt?.prompt(columns: layout.columns - LiveView.answerColumns) ?? "")
    }

    /// Columns that are kept for what is typed.
    private static let answerColumns = 10

    /// A question below the region.
    public mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int, at now: RunTime, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String {
        region.noteTyped(lines: typedLines)
        self.question = question
        prompt = question.map {
            ReviewPrompt(
                $0, record: record, logTail: surroundings.logTail($0.step, LiveView.tailLength),
                style: style)
        }
        let plainText =
            asksPlainly
            ? plain.ask(
                question, typedLines: typedLines, at: now, record: record,
                surroundings: surroundings) : ""
        if question == nil { asksPlainly = false }
        return plainText + frame(at: now, record: record, surroundings: surroundings)
    }

    /// Lets the plain view ask where this one cannot, or lets it off.
    private mutating func askPlainly(
        _ question: ReviewQuestion?, at now: RunTime, _ record: RunRecord,
        _ surroundings: ViewSurroundings
    ) -> String {
        guard asksPlainly != (question != nil) else { return "" }
        asksPlainly = question != nil
        return plain.ask(
            question, typedLines: 0, at: now, record: record, surroundings: surroundings)
    }

    /// What runs now, above the region, which comes again with the next frame.
    public mutating func status(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        withdraw(surroundings: surroundings)
            + plain.status(at: now, record: record, surroundings: surroundings)
    }

    /// Removes the region.
    public mutating func withdraw(surroundings: ViewSurroundings) -> String {
        let erased = region.erase(columns: surroundings.terminalSize?.columns)
        return erased + plain.withdraw(surroundings: surroundings) + takeScroll()
    }

    /// Removes the region and prints what is left, and the summary.
    public mutating func finish(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        let erased = region.erase(columns: surroundings.terminalSize?.columns)
        return erased + takeScroll()
            + plain.finish(at: now, record: record, surroundings: surroundings)
    }

    private mutating func takeScroll() -> String {
        defer { scroll = "" }
        return scroll
    }

    /// The last line of a log that shows something.
    static func lastLine(of tail: [UInt8]) -> String {
        var rest = tail[...]
        while !rest.isEmpty {
            let start = rest.lastIndex(of: 0x0A).map { $0 + 1 } ?? rest.startIndex
            let line = Sanitizer.line(bytes: rest[start...])
            if line.contains(where: { !$0.isWhitespace }) {
                return String(line.drop(while: \.isWhitespace))
            }
            rest = rest[..<max(rest.startIndex, start - 1)]
        }
        return ""
    }
}
