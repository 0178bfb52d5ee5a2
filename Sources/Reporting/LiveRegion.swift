/// Lines at the bottom of a terminal that are drawn over, while other lines scroll above them.
///
/// The cursor rests in the first column below the region, so that whatever ends the program leaves
/// a terminal on which one can go on typing. It knows how to draw and nothing of what.
struct LiveRegion {
    /// A line and the columns that it takes.
    struct Line: Hashable {
        var text: String
        var columns: Int
    }

    private var drawn: [Line] = []
    private var drawnColumns = 0

    // Terminals that know it show what is between the two at once; others ignore them.
    private static let beginUpdate = "\u{1B}[?2026h"
    private static let endUpdate = "\u{1B}[?2026l"
    private static let eraseToLineEnd = "\u{1B}[K"
    // From the first column of a line above the cursor's. Its own line is erased first: where the
    // whole screen is erased at once, tmux keeps a copy of it in what can be scrolled back to.
    private static let eraseBelow = "\u{1B}[K\n\u{1B}[J\u{1B}[1A"

    /// The text that prints `scroll` above and makes the region show `lines`; "" for no change.
    mutating func draw(_ lines: [Line], below scroll: String, columns: Int) -> String {
        let isSameShape =
            scroll.isEmpty && lines.count == drawn.count && columns == drawnColumns
        if isSameShape, lines == drawn { return "" }
        let change = isSameShape ? changedLines(lines) : redraw(lines, below: scroll, columns)
        drawn = lines
        drawnColumns = columns
        return LiveRegion.beginUpdate + change + LiveRegion.endUpdate
    }

    /// The text that removes the region; "" when there is none.
    mutating func erase(columns: Int?) -> String {
        guard !drawn.isEmpty else { return "" }
        let text = up(by: drawnRows(columns ?? drawnColumns)) + LiveRegion.eraseBelow
        drawn = []
        return text
    }

    private func changedLines(_ lines: [Line]) -> String {
        var text = up(by: drawn.count)
        for (old, new) in zip(drawn, lines) {
            if old != new { text += new.text + LiveRegion.eraseToLineEnd }
            text += "\r\n"
        }
        return text
    }

    private func redraw(_ lines: [Line], below scroll: String, _ columns: Int) -> String {
        var text = ""
        if !drawn.isEmpty { text = up(by: drawnRows(columns)) + LiveRegion.eraseBelow }
        text += scroll
        for line in lines { text += line.text + "\n" }
        return text
    }

    private func up(by rows: Int) -> String { "\r\u{1B}[\(rows)A" }

    /// Rows of the screen that the region takes; a terminal that became narrower has wrapped it.
    private func drawnRows(_ columns: Int) -> Int {
        guard columns > 0, columns < drawnColumns else { return drawn.count }
        return drawn.reduce(0) { $0 + max(1, ($1.columns + columns - 1) / columns) }
    }
}
