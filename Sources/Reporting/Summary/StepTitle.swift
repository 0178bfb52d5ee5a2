import Execution

/// What stands for a step where a line is about it.
enum StepTitle {
    /// Columns that a description beside an id may take, however wide the terminal is.
    static let maxColumns = 48
    /// With less room than this, a description would say nothing.
    static let leastColumns = 8

    /// Whether an id says nothing to a reader, since its last part is a number: `3`, `1.3`, `docs.2`.
    static func isNumber(_ id: String) -> Bool {
        guard let last = id.split(separator: ".", omittingEmptySubsequences: false).last else {
            return false
        }
        return !last.isEmpty && last.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// A description as it stands beside an id, in so many columns; empty where there is no room.
    static func beside(_ description: String, room: Int) -> String {
        let room = min(room - 1, maxColumns)
        guard room >= leastColumns else { return "" }
        let shown = Sanitizer.line(description)
        return shown.allSatisfy(\.isWhitespace) ? "" : " " + TextWidth.clip(shown, to: room)
    }
}

extension RunRecord {
    /// A step's id as it may be shown and, where that is a number, what the step does, together in so
    /// many columns; only the id itself may take more.
    func shownTitle(of step: Int, columns: Int = .max) -> String {
        let id = name(of: step)
        let shown = Sanitizer.line(id)
        guard header.steps.indices.contains(step), StepTitle.isNumber(id) else { return shown }
        let room = columns == .max ? .max : columns - TextWidth.columns(of: shown)
        return shown + StepTitle.beside(header.steps[step].description, room: room)
    }
}
