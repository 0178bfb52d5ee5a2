import WorkflowModel

extension ValueReader {
    /// A valid regular expression for searching logs, as written.
    mutating func regularExpression(_ entry: DocumentTable.Entry) -> String? {
        guard let text = string(entry) else { return nil }
        guard !text.isEmpty else {
            report(
                .error(
                    "`\(entry.key)` must not be empty: it would be found in any log",
                    at: entry.value.range, help: "name a text to look for, or leave the key out"))
            return nil
        }
        do throws(LogPatternError) {
            _ = try LogPattern(text)
            return text
        } catch {
            report(
                .error(
                    "`\(entry.key)` is no regular expression: \(error.message)",
                    at: entry.value.range,
                    help: error.help
                        ?? "for a character that has a meaning, such as `(`, write `\\\\` before it"
                )
            )
            return nil
        }
    }
}
