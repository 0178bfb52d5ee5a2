public import Execution

/// Progress as plain lines: nothing moves, nothing is erased, nothing depends on a terminal.
///
/// One line per step when it ends. A step that still runs after a second is announced, so a quick
/// step costs no extra line. After 30 s without a line, one line names what still runs.
public struct PlainView: RunView {
    /// Nanoseconds of silence before the steps that still run are named.
    public static let heartbeatInterval: Int64 = 30_000_000_000
    /// Nanoseconds after which a running step is announced.
    static let announcementDelay: Int64 = 1_000_000_000

    /// Lines of a failed step's log that the summary shows.
    static let tailLines = 20

    private let output: OutputMode
    private let style: Style
    private let options: [String]
    private let namesLeftOut: Bool
    var lines: ProgressLine
    private var feed: OutputFeed
    /// Running steps, in the order of their launch.
    private(set) var running: [(step: Int, since: RunTime, isAnnounced: Bool)] = []
    /// Steps that another step of the run holds back.
    var waits = WaitLines()
    private var lastLineAt = RunTime.zero
    /// The open question, if this view asks it.
    private var open = OpenPrompt()

    /// A view for the given `--output`; `isTerminal` when a person reads it live; the rest as for
    /// ``RunSummary``.
    public init(
        output: OutputMode = .failures, style: Style = .plain, options: [String] = [],
        namesLeftOut: Bool = false, isTerminal: Bool = false
    ) {
        self.output = output
        self.style = style
        self.options = options
        self.namesLeftOut = namesLeftOut
        lines = ProgressLine(style: style)
        feed = OutputFeed(mode: output, keepsColors: style.isOn, isTerminal: isTerminal)
    }

    /// Short when lines of logs are shown as they arrive, otherwise the delay of announcements.
    public var frameInterval: Int64? {
        switch output {
        case .none: nil
        case .failures: 500_000_000
        case .group, .prefix, .stream: 100_000_000
        }
    }

    /// Whether a question waits for its answer.
    var isAsking: Bool { open.isOpen }

    /// Handles an event and returns its line; "" when lines of logs must come before it.
    public mutating func handle(_ event: RunEvent, record: RunRecord) -> String {
        open.around(text(of: event, record: record))
    }

    /// Handles an event and returns its line, for the case that no question is open.
    mutating func text(of event: RunEvent, record: RunRecord) -> String {
        guard output != .none else { return "" }
        track(event, record)
        let waited = waits.take(event, record, lines)
        guard let line = lines.text(for: event, record: record) ?? waited else {
            return announcementOnLaunch(event, record)
        }
        lastLineAt = event.time
        guard output.showsLogs else { return line + "\n" }
        if case .ended(let step, _) = event.kind {
            feed.end(step, line: line)
        } else {
            feed.append(line: line)
        }
        return ""
    }

    /// New lines of logs, announcements of running steps, or the periodic line.
    public mutating func frame(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        frame(below: "", at: now, record: record, surroundings: surroundings)
    }

    /// A frame, with lines of events above it.
    mutating func frame(
        below scroll: String, at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        lines.columns = surroundings.terminalSize?.columns
        let text = scroll + logText(surroundings)
        // Before pending lines of logs an announcement would come too early, and an open question
        // names what runs.
        if feed.isBehind || isAsking { return open.around(text) }
        return open.around(
            text + announcements(at: now, record: record, isSilent: text.isEmpty))
    }

    /// A question in lines of its own; the prompt is repeated below whatever is printed meanwhile.
    public mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int, at now: RunTime, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String {
        ask(
            question, below: "", typedLines: typedLines, record: record,
            surroundings: surroundings)
    }

    /// A question, with lines of events above it.
    mutating func ask(
        _ question: ReviewQuestion?, below scroll: String, typedLines: Int, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String {
        // A terminal of unknown size reports 0 for both.
        let size = surroundings.terminalSize ?? (0, 0)
        let columns = max(20, (size.columns > 0 ? size.columns : 80) - 1)
        let rows = size.rows > 0 ? size.rows : .max
        let prompt = question.map {
            ReviewPrompt(
                $0, record: record, logTail: surroundings.logTail($0.step, LiveView.tailLength),
                style: style)
        }
        open.ask(
            prompt?.text(columns: columns, rows: rows) ?? "",
            again: prompt?.prompt(columns: columns) ?? "", typedLines: typedLines)
        return open.around(scroll)
    }

    /// Moves the cursor off the prompt's line.
    public mutating func withdraw(surroundings: ViewSurroundings) -> String { open.withdraw() }

    /// What runs now, regardless of `--output`.
    public mutating func status(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        open.around(RunSnapshot(record, at: now, surroundings: surroundings, style: style).text)
    }

    /// The next part of the remaining logs.
    public mutating func rest(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String? {
        while output.showsLogs, feed.isBehind {
            let text = feed.nextText(surroundings)
            if !text.isEmpty { return open.withdraw() + text }
        }
        return nil
    }

    /// The summary.
    public mutating func finish(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        if output == .none, record.status == .complete, record.failedSteps.isEmpty { return "" }
        let summary = RunSummary(
            record, surroundings: surroundings, options: options,
            tailLines: output == .none ? 0 : PlainView.tailLines, style: style,
            namesLeftOut: namesLeftOut, followsText: output != .none)
        return open.withdraw() + summary.text
    }

    /// The next lines of logs, with the lines of events that had to wait for them.
    mutating func logText(_ surroundings: ViewSurroundings) -> String {
        output.showsLogs ? feed.nextText(surroundings) : ""
    }

    /// Announcements of running steps, or the periodic line after a long silence.
    private mutating func announcements(
        at now: RunTime, record: RunRecord, isSilent: Bool
    ) -> String {
        guard output != .none else { return "" }
        var text = ""
        for index in running.indices
        where !running[index].isAnnounced
            && now - running[index].since >= PlainView.announcementDelay
        {
            running[index].isAnnounced = true
            text += lines.running(running[index].step, record: record) + "\n"
        }
        text += waits.announcements(at: now, record, lines)
        if !isSilent || !text.isEmpty {
            lastLineAt = now
        } else if now - lastLineAt >= PlainView.heartbeatInterval, !running.isEmpty {
            lastLineAt = now
            text = lines.heartbeat(running.map(\.step), at: now, record: record) + "\n"
        }
        return text
    }

    private mutating func track(_ event: RunEvent, _ record: RunRecord) {
        switch event.kind {
        case .runStarted(let header):
            feed.begin(header)
        case .launched(let step, _, _, _) where record.steps.indices.contains(step):
            running.append((step, event.time, false))
            if output.showsLogs { feed.start(step) }
        case .ended(let step, _), .attemptFailed(let step, _):
            if let index = running.firstIndex(where: { $0.step == step }) {
                running.remove(at: index)
            }
        default:
            break
        }
    }

    /// The announcement at launch, in modes whose lines carry no step name.
    private mutating func announcementOnLaunch(_ event: RunEvent, _ record: RunRecord) -> String {
        guard output == .stream, case .launched(let step, _, _, _) = event.kind,
            let index = running.lastIndex(where: { $0.step == step })
        else { return "" }
        running[index].isAnnounced = true
        feed.append(line: lines.running(step, record: record))
        return ""
    }
}
