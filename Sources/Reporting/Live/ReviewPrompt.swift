public import Execution

/// What a person reads who is to decide about a step that failed: which one, why, what it wrote
/// last, and what follows from each choice.
public struct ReviewPrompt: Sendable {
    private let question: ReviewQuestion
    private let record: RunRecord
    private let style: Style
    private let log: [String]

    /// Most lines of the log that are shown.
    static let maxLogLines = 5
    private static let maxNamed = 3

    /// A question about a step of a record, whose log ends with these bytes.
    public init(_ question: ReviewQuestion, record: RunRecord, logTail: [UInt8], style: Style) {
        self.question = question
        self.record = record
        self.style = style
        log = Sanitizer.lines(bytes: logTail)
            .filter { line in line.contains { !$0.isWhitespace } }
            .suffix(ReviewPrompt.maxLogLines)
    }

    /// The whole question on a terminal of this size; after a wrong answer only what can be answered.
    func text(columns: Int, rows: Int) -> String {
        guard question.misread == nil else { return prompt(columns: columns) }
        return (lines(columns: columns, rows: rows - 1) + [prompt(columns: columns)])
            .joined(separator: "\n")
    }

    /// The lines above the place where the answer is typed, none wider than a terminal; where there
    /// is little room, the log's are left out first.
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

    /// What stands before the answer, in the same line.
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

    /// The steps that go on while it is asked; nil where there are none.
    private var meanwhile: String? {
        let names = record.steps.indices.filter { record.steps[$0].status == .running }
            .map { "`\(record.shownName(of: $0))`" }
        guard !names.isEmpty else { return nil }
        return "meanwhile " + Wording.list(names, atMost: ReviewPrompt.maxNamed)
            + (names.count == 1 ? " goes on" : " go on") + "; nothing else starts"
    }

    /// What follows from a choice.
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

    /// The steps that wait for it, and that they run: a clause; nil where there are none.
    private var dependents: String? {
        let number = Int32(truncatingIfNeeded: question.step)
        let names = record.header.steps.indices
            .filter { record.header.steps[$0].dependencies.contains(number) }
            .map { "`\(record.shownName(of: $0))`" }
        guard !names.isEmpty else { return nil }
        return Wording.list(names, atMost: ReviewPrompt.maxNamed)
            + (names.count == 1 ? " runs" : " run")
    }

    /// Parts of a line, each clipped to the room that is left before it is painted.
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

/// A prompt below which nothing is drawn and above which nothing is drawn over: whatever is printed
/// meanwhile goes into lines of its own, and the prompt comes again below.
///
/// Where the cursor stands is not known while somebody types: a long line wraps, and what is erased
/// of it does not bring the cursor back up.
struct OpenPrompt: Sendable {
    private var question = ""
    private var again = ""
    private var isShown = false
    /// Whether the cursor stands behind the prompt, not below it.
    private var isLineOpen = false

    var isOpen: Bool { !again.isEmpty }

    /// Asks something; "" for nothing more.
    mutating func ask(_ question: String, again: String, typedLines: Int) {
        self.question = question
        self.again = again
        if typedLines > 0 { isLineOpen = false }
        isShown = false
    }

    /// Text with the prompt below it, where one is open.
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

    /// The terminal belongs to somebody else for a while.
    mutating func withdraw() -> String {
        defer {
            isLineOpen = false
            isShown = false
        }
        return isLineOpen ? "\n" : ""
    }
}
