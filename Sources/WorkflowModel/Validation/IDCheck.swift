extension Validation {
    /// Checks the form of ids, repeated ids, and ids that differ only in case.
    mutating func checkIDs() {
        if steps.isEmpty {
            report(
                .error(
                    (source.map { "`\(Self.shown($0))` holds no steps, and " } ?? "")
                        + "a workflow without steps is invalid",
                    help: "declare one with `[[steps]]`, or run `stepvisor init`"))
        }
        for position in workflow.steps.indices {
            let id = workflow.steps[position].id
            if !StepID.isValid(id.rawValue) {
                report(
                    .error(
                        "`\(Self.shown(id.rawValue))` is no valid id: "
                            + Self.reason(id.rawValue), at: workflow.steps[position].range,
                        help: "ids match `\(StepID.pattern)`"))
            }
            if let first = index.add(id, at: position) { reportRepeated(position, first: first) }
        }
    }

    private mutating func reportRepeated(_ second: Int, first: Int) {
        let a = workflow.steps[first]
        let b = workflow.steps[second]
        let related = a.range.map { [Diagnostic.Related("first declared here", at: $0)] } ?? []
        let message: String
        if a.id != b.id {
            message = "the ids `\(a.id)` and `\(b.id)` differ only in case"
        } else if a.task != b.task {
            message = "the id `\(b.id)` is taken: \(described(a)) has it, and \(described(b))"
        } else {
            message = "step `\(b.id)` is declared twice"
        }
        report(
            .error(message, at: b.range, help: another(a.range, b.range), related: related))
    }

    /// What to do about a name that is declared twice.
    func another(_ first: SourceRange?, _ second: SourceRange?) -> String {
        let isOfIncluded = !workflow.includes.isEmpty && first?.file != second?.file
        return "give one of them another id"
            + (isOfIncluded ? ", or its file a `prefix` where it is included" : "")
    }

    private func described(_ step: Step) -> String {
        let task = workflow.tasks.indices.contains(step.task) ? workflow.tasks[step.task].id : ""
        return task.isEmpty ? "a step outside of tasks" : "a step of task `\(task)`"
    }

    /// A name in a message: short, and without control characters.
    static func shown(_ text: String) -> String {
        let safe = text.unicodeScalars.prefix(70).map { scalar in
            scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : String(scalar)
        }.joined()
        return text.unicodeScalars.count > 70 ? safe + "…" : safe
    }

    /// Why a text is not a valid id.
    static func reason(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return "it is empty" }
        if text.utf8.count > StepID.maximumLength {
            return "it is longer than \(StepID.maximumLength) characters"
        }
        let allowed = { (scalar: Unicode.Scalar) in
            StepID.isValid("a" + String(scalar))
        }
        if let wrong = text.unicodeScalars.first(where: { !allowed($0) }) {
            return switch wrong {
            case "/": "it holds a `/`, and an id is no path"
            case " ": "it holds a space"
            default: "it holds \(named(wrong))"
            }
        }
        return "it begins with `\(first)`, and an id begins with a letter or a digit"
    }

    private static func named(_ scalar: Unicode.Scalar) -> String {
        let hex = String(scalar.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        return scalar.isASCII && scalar.value > 0x20 && scalar.value < 0x7F
            ? "`\(scalar)`" : "the character \(code)"
    }
}
