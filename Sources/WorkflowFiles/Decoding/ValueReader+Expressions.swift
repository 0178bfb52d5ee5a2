import WorkflowModel

extension ValueReader {
    /// The most opening brackets that a regular expression may hold.
    ///
    /// The standard library's parser recurses without a bound for classes in classes; nesting is
    /// never deeper than this, whatever the brackets mean.
    private static let bracketLimit = 100
    /// The longest regular expression in bytes.
    private static let expressionLimit = 4096

    /// A regular expression that can be compiled, as written.
    mutating func regularExpression(_ entry: DocumentTable.Entry) -> String? {
        guard let text = string(entry) else { return nil }
        guard text.utf8.count <= Self.expressionLimit else {
            report(
                .error(
                    "`\(entry.key)` is longer than \(Self.expressionLimit) bytes",
                    at: entry.value.range, help: "look for a shorter part of the text"))
            return nil
        }
        guard
            text.utf8.count(where: { $0 == ASCII.openBracket || $0 == UInt8(ascii: "(") })
                <= Self.bracketLimit
        else {
            report(
                .error(
                    "`\(entry.key)` holds more than \(Self.bracketLimit) brackets",
                    at: entry.value.range, help: "look for a simpler part of the text"))
            return nil
        }
        do {
            _ = try Regex(text)
            return text
        } catch {
            report(
                .error(
                    "`\(entry.key)` is no regular expression: \(error)", at: entry.value.range,
                    help: "for a character that has a meaning, such as `(`, write `\\\\` before it")
            )
            return nil
        }
    }
}
