import Execution

/// The title of a step in a line.
enum StepTitle {
    /// The largest width of a description beside an id, however wide the terminal is.
    static let maxColumns = 48
    /// The smallest width in which a description is useful.
    static let leastColumns = 8

    /// Whether an id is meaningless to a reader because its last part is a number: `3`, `1.3`,
    /// `docs.2`.
    static func isNumber(_ id: String) -> Bool {
        guard let last = id.split(separator: ".", omittingEmptySubsequences: false).last else {
            return false
        }
        return !last.isEmpty && last.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// A description beside an id, at most `room` columns wide; empty when there is no room.
    static func beside(_ description: String, room: Int) -> String {
        let room = min(room - 1, maxColumns)
        guard room >= leastColumns else { return "" }
        let shown = Sanitizer.line(description)
        return shown.allSatisfy(\.isWhitespace) ? "" : " " + TextWidth.clip(shown, to: room)
    }
}

extension RunRecord {
    /// A step's id, safe to show, and for a numeric id its description, at most `columns` wide;
    /// only the id itself may be wider.
    func shownTitle(of step: Int, columns: Int = .max) -> String {
        let id = name(of: step)
        let shown = Sanitizer.line(id)
        guard header.steps.indices.contains(step), StepTitle.isNumber(id) else { return shown }
        let room = columns == .max ? .max : columns - TextWidth.columns(of: shown)
        return shown + StepTitle.beside(header.steps[step].description, room: room)
    }
}
