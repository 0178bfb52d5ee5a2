import Execution

/// The output of steps in the order in which it is shown, read from their logs piece by piece.
///
/// The line about a step's end comes after its last line of output (with ``OutputMode/group``,
/// before the first), so lines of events pass through here too in every mode that shows logs.
struct OutputFeed {
    /// Bytes of logs that are read for one frame: limits time and memory, not what is shown.
    static let frameBudget = 256 * 1024
    /// On a terminal: bytes of one step's log that may wait to be shown.
    ///
    /// Of a longer backlog only the end is shown, after a line that says so.
    static let terminalBacklog: Int64 = 64 << 20
    /// Bytes of that end.
    static let terminalEnd: Int64 = 1 << 20

    private enum Item {
        case line(String)
        case ended(step: Int, line: String)
    }

    private let mode: OutputMode
    private let keepsColors: Bool
    /// Whether a person reads the output.
    ///
    /// Nobody can follow hundreds of megabytes, nor scroll back to them; a file or a program gets
    /// everything.
    private let isTerminal: Bool
    /// The reader of each started step, created when its log is first read.
    private var readers: [Int: LogReader?] = [:]
    private var running: [Int] = []
    private var items: [Item] = []
    private var isHeadShown = false
    private var prefixes: [String] = []

    init(mode: OutputMode, keepsColors: Bool, isTerminal: Bool = false) {
        self.isTerminal = isTerminal
        self.mode = mode
        self.keepsColors = keepsColors
    }

    /// Receives the ids, from which the prefixes are made.
    mutating func begin(_ header: RunHeader) {
        guard mode == .prefix else { return }
        let width = min(24, header.steps.lazy.map(\.id.count).max() ?? 0)
        prefixes = header.steps.map { TextWidth.pad(Sanitizer.line($0.id), to: width) + " | " }
    }

    mutating func start(_ step: Int) {
        // A further attempt continues in the same log.
        if !readers.keys.contains(step) { readers[step] = .some(nil) }
        if !running.contains(step) { running.append(step) }
    }

    mutating func end(_ step: Int, line: String) {
        running.removeAll { $0 == step }
        items.append(readers.keys.contains(step) ? .ended(step: step, line: line) : .line(line))
    }

    mutating func append(line: String) { items.append(.line(line)) }

    /// Whether output waits that a further frame would show.
    var isBehind: Bool { !items.isEmpty }

    /// The text of the next frame; each line ends with a line feed.
    mutating func nextText(_ surroundings: ViewSurroundings) -> String {
        var lines: [String] = []
        var budget = OutputFeed.frameBudget
        showItems(surroundings, &budget, to: &lines)
        if items.isEmpty, mode.showsLinesAsTheyCome {
            for step in running {
                var share = min(budget, 64 * 1024)
                budget -= share
                _ = read(step, surroundings, &share, to: &lines)
                budget += share
            }
        }
        return OutputFeed.joined(lines)
    }

    private mutating func showItems(
        _ surroundings: ViewSurroundings, _ budget: inout Int, to lines: inout [String]
    ) {
        var shown = 0
        defer { items.removeFirst(shown) }
        for item in items {
            switch item {
            case .line(let line):
                lines.append(line)
            case .ended(let step, let line):
                if mode == .group, !isHeadShown {
                    lines.append(line)
                    isHeadShown = true
                }
                guard read(step, surroundings, &budget, to: &lines) else { return }
                if mode != .group { lines.append(line) }
                isHeadShown = false
            }
            shown += 1
        }
    }

    /// Reads more of a step's log; true when its current end was reached.
    private mutating func read(
        _ step: Int, _ surroundings: ViewSurroundings, _ budget: inout Int,
        to lines: inout [String]
    ) -> Bool {
        guard let known = readers[step] else { return true }
        var reader = known ?? LogReader(keepsColors: keepsColors, mask: surroundings.mask)
        if isTerminal { skip(step, &reader, surroundings, to: &lines) }
        var found: [String] = []
        var isAtEnd = false
        while budget > 0, !isAtEnd {
            let bytes = surroundings.logBytes(step, reader.offset, min(budget, 64 * 1024))
            isAtEnd = bytes.isEmpty
            budget -= bytes.count
            reader.take(bytes, to: &found)
        }
        if isAtEnd, !running.contains(step) { reader.finish(to: &found) }
        readers[step] = reader
        lines += found.map { lead(of: step) + $0 }
        return isAtEnd
    }

    /// Skips to the end of a log that a terminal could not show in time, after a line that says so.
    private func skip(
        _ step: Int, _ reader: inout LogReader, _ surroundings: ViewSurroundings,
        to lines: inout [String]
    ) {
        let size = surroundings.logSize(step)
        let backlog = size - reader.offset
        guard backlog > OutputFeed.terminalBacklog else { return }
        let start = size - OutputFeed.terminalEnd
        let path = Sanitizer.line(surroundings.logPath(step))
        lines.append(
            lead(of: step)
                + "… \(backlog >> 20) MiB of output, more than a terminal is for: only the last "
                + "\(OutputFeed.terminalEnd >> 20) MiB of it is shown here, all of it is in \(path)"
        )
        let reach = Int64(surroundings.mask.reach)
        reader = LogReader(
            keepsColors: keepsColors, mask: surroundings.mask, from: start,
            behind: surroundings.logBytes(step, start - reach, Int(reach)))
    }

    private func lead(of step: Int) -> String {
        switch mode {
        case .prefix: prefixes.indices.contains(step) ? prefixes[step] : ""
        // Indented, so that no line of a step can be mistaken for one of stepvisor's.
        case .group: "    "
        case .stream, .failures, .none: ""
        }
    }

    private static func joined(_ lines: [String]) -> String {
        lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
    }
}
