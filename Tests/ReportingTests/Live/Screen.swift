/// A terminal as far as the views use one: what a person would see of their text.
///
/// Wraps as a real one does and counts it, so that a test can demand that nothing wraps.
struct Screen {
    private(set) var lines: [[Unicode.Scalar]] = [[]]
    private(set) var wraps = 0
    /// Sequences that it does not know; a view should send none.
    private(set) var strange: [String] = []
    /// How often a colour was set.
    private(set) var colors = 0
    private var row = 0
    private var column = 0
    private var used = 0
    private var saved = (row: 0, column: 0)
    private let columns: Int

    init(columns: Int) { self.columns = columns }

    /// The rows from the top of the scrollback, without blank ones at the end.
    var rows: [String] {
        var rows = lines.map { line -> String in
            var text = String(String.UnicodeScalarView(line))
            while text.last == " " { text.removeLast() }
            return text
        }
        while rows.last?.isEmpty == true { rows.removeLast() }
        return rows
    }

    mutating func show(_ text: String) {
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r": move(to: row, 0)
            case "\n": move(to: row + 1, 0)
            case "\u{1B}": control(&rest)
            default: put(scalar)
            }
        }
    }

    /// Told apart by other means than the code under test does it, for the signs of these tests.
    private static func columns(of scalar: Unicode.Scalar) -> Int {
        if "日本🚀".unicodeScalars.contains(scalar) { return 2 }
        let category = scalar.properties.generalCategory
        let isMark = category == .nonspacingMark || category == .enclosingMark
        // A picture selector widens the sign before it.
        return isMark && scalar != "\u{FE0F}" ? 0 : 1
    }

    private mutating func control(_ rest: inout ArraySlice<Unicode.Scalar>) {
        var sequence = ""
        while let scalar = rest.popFirst() {
            sequence.unicodeScalars.append(scalar)
            if sequence == "7" || sequence == "8" { break }
            if scalar != "[", (0x40...0x7E).contains(scalar.value) { break }
        }
        switch sequence {
        case "[K":
            lines[row] = Array(lines[row].prefix(column))
        case "[J":
            lines[row] = Array(lines[row].prefix(column))
            lines.removeSubrange((row + 1)...)
        case "7": saved = (row, column)
        case "8": move(to: saved.row, saved.column)
        case "[?2026h", "[?2026l", "[?7h", "[?7l":
            // What a terminal would cut is counted as wrapped: no line should need it.
            break
        case _ where sequence.hasSuffix("B"):
            // It is as high as what stands on it.
            move(to: min(lines.count - 1, row + (Int(sequence.dropFirst().dropLast()) ?? 1)), 0)
        case _ where sequence.hasSuffix("A"):
            move(to: max(0, row - (Int(sequence.dropFirst().dropLast()) ?? 1)), 0)
        case _ where sequence.hasSuffix("m"):
            colors += 1
        default:
            strange.append(sequence)
        }
    }

    private mutating func move(to row: Int, _ column: Int) {
        self.row = row
        self.column = column
        used = 0
        while lines.count <= row { lines.append([]) }
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        let width = Screen.columns(of: scalar)
        if used + width > columns {
            wraps += 1
            move(to: row + 1, 0)
        }
        used += width
        while lines[row].count < column { lines[row].append(" ") }
        if column < lines[row].count {
            lines[row][column] = scalar
        } else {
            lines[row].append(scalar)
        }
        column += 1
    }
}
