/// A terminal that is resized while a view draws on it, with what can be scrolled back to.
///
/// Wraps its lines anew as tmux does: every row counts, empty ones below the cursor too; the
/// screen is the last rows of the whole; the cursor goes with its text, or to the first row when
/// that has left the screen. Letters are one column wide.
struct ResizableTerminal {
    private struct Row {
        var cells: [Unicode.Scalar] = []
        /// The next row goes on with the same line.
        var isWrapped = false
    }

    private(set) var columns: Int
    private(set) var rows: Int
    /// Sequences that it does not know; a view should send none.
    private(set) var strange: [String] = []
    /// From the first that can be scrolled back to.
    private var all: [Row]
    /// RaggedArray above the screen, and how many of them a higher screen shows again.
    private var above = 0
    private var scrolled = 0
    private var row = 0
    private var column = 0
    private var saved = (row: 0, column: 0)
    private var wraps = true

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        all = Array(repeating: Row(), count: rows)
    }

    /// Whole lines, as they were before they were wrapped, without empty ones.
    var lines: [String] {
        wholeLines().map { String(String.UnicodeScalarView($0)) }.filter { line in
            line.contains { $0 != " " }
        }
    }

    mutating func resize(columns newColumns: Int, rows newRows: Int) {
        if newRows < rows {
            let surplus = rows - newRows
            let below = min(surplus, rows - 1 - row)
            all.removeLast(below)
            above += surplus - below
            scrolled += surplus - below
            row -= surplus - below
        } else {
            let back = min(scrolled, newRows - rows)
            above -= back
            scrolled -= back
            row += back
            for _ in 0..<(newRows - rows - back) { all.append(Row()) }
        }
        rows = newRows
        if newColumns != columns { wrapAnew(newColumns) }
    }

    mutating func show(_ text: String) {
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r": column = 0
            case "\n":
                column = 0
                feed()
            case "\u{1B}": control(&rest)
            default: put(scalar)
            }
        }
    }

    private func wholeLines() -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = []
        var goesOn = false
        for row in all {
            if goesOn { lines[lines.count - 1] += row.cells } else { lines.append(row.cells) }
            goesOn = row.isWrapped
        }
        return lines
    }

    private mutating func wrapAnew(_ newColumns: Int) {
        var line = 0
        var offset = column
        for index in 0..<(above + row) {
            if all[index].isWrapped {
                offset += all[index].cells.count
            } else {
                line += 1
                offset = column
            }
        }
        var wrapped: [Row] = []
        var cursor = 0
        for (index, cells) in wholeLines().enumerated() {
            if index == line {
                cursor = wrapped.count + min(offset, max(0, cells.count - 1)) / newColumns
            }
            var start = 0
            repeat {
                let end = min(cells.count, start + newColumns)
                wrapped.append(
                    Row(cells: Array(cells[start..<end]), isWrapped: end < cells.count))
                start = end
            } while start < cells.count
        }
        while wrapped.count < rows { wrapped.append(Row()) }
        all = wrapped
        columns = newColumns
        above = all.count - rows
        scrolled = min(scrolled, above)
        row = max(0, cursor - above)
        column = cursor < above ? 0 : min(column, columns - 1)
    }

    private mutating func feed() {
        guard row == rows - 1 else { return row += 1 }
        all.append(Row())
        above += 1
        scrolled += 1
    }

    private mutating func control(_ rest: inout ArraySlice<Unicode.Scalar>) {
        guard let first = rest.popFirst() else { return }
        var sequence = String(Character(first))
        while first == "[", let scalar = rest.popFirst() {
            sequence.unicodeScalars.append(scalar)
            if (0x40...0x7E).contains(scalar.value) { break }
        }
        let count = Int(sequence.dropFirst().dropLast()) ?? 1
        switch sequence {
        case "7": saved = (row, column)
        case "8": (row, column) = (min(saved.row, rows - 1), min(saved.column, columns - 1))
        case "[K": eraseLine(from: column)
        case "[J":
            eraseLine(from: column)
            for index in (above + row + 1)..<max(above + row + 1, all.count) {
                all[index] = Row()
            }
        case "[?7h": wraps = true
        case "[?7l": wraps = false
        case "[?2026h", "[?2026l": break
        case _ where sequence.hasSuffix("A"): row = max(0, row - count)
        case _ where sequence.hasSuffix("B"): row = min(rows - 1, row + count)
        default: strange.append(sequence)
        }
    }

    private mutating func eraseLine(from column: Int) {
        let kept = all[above + row].cells.prefix(column)
        all[above + row] = Row(cells: Array(kept))
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        if column == columns, wraps {
            all[above + row].isWrapped = true
            feed()
            column = 0
        }
        let place = min(column, columns - 1)
        while all[above + row].cells.count <= place { all[above + row].cells.append(" ") }
        all[above + row].cells[place] = scalar
        column = place + 1
    }
}
