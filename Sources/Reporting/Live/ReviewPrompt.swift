public import Execution

/// The question about a failed step: which step, why it failed, its last output, and what each
/// choice does.
public struct ReviewPrompt: Sendable {
    private let question: ReviewQuestion
    private let record: RunRecord
    private let style: Style
    private let log: [String]

    /// The largest number of log lines shown.
    static let maxLogLines = 5
    private static let maxNamed = 3

    /// A question about a step of a record; `logTail` is the end of the step's log.
    public init(_ question: ReviewQuestion, record: RunRecord, logTail: [UInt8], style: Style) {
        self.question = question
        self.record = record
        self.style = style
        log = Sanitizer.lines(bytes: logTail)
            .filter { line in line.contains { !$0.isWhitespace } }
            .suffix(ReviewPrompt.maxLogLines)
    }

    /// The whole question for a terminal of this size; after a wrong answer only the choices.
    func text(columns: Int, rows: Int) -> String {
        guard question.misread == nil else { return prompt(columns: columns) }
        return (lines(columns: columns, rows: rows - 1) + [prompt(columns: columns)])
            .joined(separator: "\n")
    }

    /// The lines above the prompt, none wider than the terminal; with little room, the log lines
    /// are left out first.
    private func lines(columns: Int, rows: Int) -> [String] {
        let choices = question.choices.map { choice in
            line(
                [
                    ("  \(choice.letter)  ", style.bold),
                    (TextWidth.pad(choice.word, to: 10) + consequence(of: choice), { $0 }),
                ], columns)
        }
        let last = (meanwhile.map { [line([("  " + $0, { $0 })], columns)] } ?? []) + choices
        let room = max(0, rows - last.count - 1)
        var lines = [line([("decide: ", style.yellow), (failure, { $0 })], columns)]
        lines += log.suffix(room).map { line([("  | " + $0, style.dim)], columns) }
        return Array((lines + last).suffix(max(1, rows)))
    }

    /// The prompt on the line of the answer.
    func prompt(columns: Int) -> String {
        let letters = question.choices.map { String($0.letter) }
        let choice = Wording.list(letters, "or") + "? "
        guard let misread = question.misread else { return TextWidth.clip(choice, to: columns) }
        let shown = TextWidth.clip(Sanitizer.line(misread), to: 20)
        return TextWidth.clip("`\(shown)` is none of them: \(choice)", to: columns)
    }

    // MARK: - Words

    private var failure: String {
        let name = record.shownName(of: question.step)
        guard record.steps.indices.contains(question.step) else { return "`\(name)` failed" }
        let step = record.steps[question.step]
        var text = "`\(name)` failed"
        if let reason = record.shownReason(of: question.step) { text += ": " + reason }
        if step.attempts > 1 {
            text += "; \(step.attempts) attempts"
            if let method = step.method, method != .primary { text += ", the last by \(method)" }
        }
        return text
    }

    /// The steps that continue during the question; nil for none.
    private var meanwhile: String? {
        let names = record.steps.indices.filter { record.steps[$0].status == .running }
            .map { "`\(record.shownName(of: $0))`" }
        guard !names.isEmpty else { return nil }
        return "meanwhile " + Wording.list(names, atMost: ReviewPrompt.maxNamed)
            + (names.count == 1 ? " goes on" : " go on") + "; nothing else starts"
    }

    /// What a choice does.
    private func consequence(of choice: ReviewDecision) -> String {
        switch choice {
        case .retry: "run it again"
        case .useBackup: "run its first backup"
        case .skip:
            dependents.map { "count it as skipped; \($0)" }
                ?? "count it as skipped; the run goes on"
        case .proceed:
            (dependents.map { "leave it failed; \($0) all the same" }
                ?? "leave it failed; the run goes on")
                + ", exit 1"
        case .halt: "leave it failed; nothing more starts, exit 1"
        }
    }

    /// The steps that depend on it and would run: a clause; nil for none.
    private var dependents: String? {
        let number = Int32(truncatingIfNeeded: question.step)
        let names = record.header.steps.indices
            .filter { record.header.steps[$0].dependencies.contains(number) }
            .map { "`\(record.shownName(of: $0))`" }
        guard !names.isEmpty else { return nil }
        return Wording.list(names, atMost: ReviewPrompt.maxNamed)
            + (names.count == 1 ? " runs" : " run")
    }

    /// Parts of a line; each is clipped to the remaining width before it is coloured.
    private func line(
        _ parts: [(text: String, paint: (String) -> String)], _ columns: Int
    ) -> String {
        var text = ""
        var used = 0
        for part in parts {
            let clipped = TextWidth.clip(part.text, to: columns - used)
            used += TextWidth.columns(of: clipped)
            text += part.paint(clipped)
        }
        return text
    }
}

/// A prompt that is repeated below everything that is printed while it is open.
///
/// The cursor position is unknown while somebody types: a long line wraps, and erasing part of it
/// does not bring the cursor back up. So nothing is drawn over, and printed text goes into lines of
/// its own.
struct OpenPrompt: Sendable {
    private var question = ""
    private var again = ""
    private var isShown = false
    /// Whether the cursor is behind the prompt, not below it.
    private var isLineOpen = false

    var isOpen: Bool { !again.isEmpty }

    /// Opens a question; returns "" when there is nothing more to print.
    mutating func ask(_ question: String, again: String, typedLines: Int) {
        self.question = question
        self.again = again
        if typedLines > 0 { isLineOpen = false }
        isShown = false
    }

    /// The text with the open prompt, if any, below it.
    mutating func around(_ text: String) -> String {
        guard isOpen else {
            defer { isLineOpen = false }
            return isLineOpen ? "\n" + text : text
        }
        if isShown, text.isEmpty { return "" }
        let lead = isLineOpen ? "\n" : ""
        let prompt = isShown ? again : question
        isShown = true
        isLineOpen = true
        return lead + text + prompt
    }

    /// Gives the terminal to another program for a while.
    mutating func withdraw() -> String {
        defer {
            isLineOpen = false
            isShown = false
        }
        return isLineOpen ? "\n" : ""
    }
}
