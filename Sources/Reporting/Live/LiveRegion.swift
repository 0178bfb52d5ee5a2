/// Lines at the bottom of a terminal that are redrawn in place, while other lines scroll above
/// them.
///
/// The cursor rests where the next ordinary line begins, above the region. A terminal moves its
/// cursor along when it rewraps its lines, so after any resize the region is everything from the
/// cursor on, and no line has to be counted. This type draws; it does not decide what is shown.
struct LiveRegion {
    /// A line and the columns that it takes.
    struct Line: Hashable {
        var text: String
        var columns: Int
    }

    private var drawn: [Line] = []
    private var drawnSize = (columns: 0, rows: 0)

    // Terminals that know these sequences show everything between the two at once; others ignore
    // them.
    private static let beginUpdate = "\u{1B}[?2026h"
    private static let endUpdate = "\u{1B}[?2026l"
    private static let saveCursor = "\u{1B}7"
    private static let restoreCursor = "\u{1B}8"
    // In a terminal that has just become narrower, a line that is too wide is cut and takes one
    // row.
    private static let wrapOff = "\u{1B}[?7l"
    private static let wrapOn = "\u{1B}[?7h"
    private static let down = "\u{1B}[B"
    private static let bottom = "\u{1B}[9999B"
    // The cursor's line is erased separately from those below: when the whole screen is erased at
    // once, tmux keeps a copy of it in its scrollback.
    private static let eraseText =
        "\r\u{1B}[K" + saveCursor + down + "\u{1B}[J" + restoreCursor

    /// The text that prints `scroll` above the region and makes the region show `lines`; "" for no
    /// change.
    ///
    /// A terminal may have another size by the time it reads the text, so no move names a row: all
    /// moves are relative to the cursor or the bottom, and no line of the region causes scrolling.
    mutating func draw(
        _ lines: [Line], below scroll: String, size: (columns: Int, rows: Int)
    ) -> String {
        if scroll.isEmpty, lines == drawn, size == drawnSize { return "" }
        let text = erase() + scroll + LiveRegion.text(of: lines)
        drawn = lines
        drawnSize = size
        return LiveRegion.beginUpdate + text + LiveRegion.endUpdate
    }

    /// The text that removes the region; "" when there is none.
    mutating func erase() -> String {
        guard !drawn.isEmpty else { return "" }
        drawn = []
        return LiveRegion.eraseText
    }

    /// Drawn at the bottom of the screen: when tmux rewraps lines, it counts the empty rows below
    /// and would push the region out at the top.
    private static func text(of lines: [Line]) -> String {
        guard !lines.isEmpty else { return "" }
        let up = lines.count > 1 ? "\u{1B}[\(lines.count - 1)A" : ""
        let room = String(repeating: "\n", count: lines.count - 1) + up
        return room + saveCursor + wrapOff + bottom + up
            + lines.map { $0.text + "\u{1B}[K" }.joined(separator: "\r" + down)
            + wrapOn + restoreCursor
    }
}
