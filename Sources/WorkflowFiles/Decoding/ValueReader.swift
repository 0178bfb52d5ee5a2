import WorkflowModel

/// Converts single values to Swift types and collects the mistakes.
///
/// Each method returns nil after it has reported a mistake, so a mistake affects only its own key.
struct ValueReader {
    private(set) var diagnostics: [Diagnostic] = []

    /// The project's own keys found in the file so far; nil in a file that may have none.
    var ownKeys: Set<String>?
    /// For how many more unknown keys a suggestion is searched.
    var unknownKeysLeft = 200

    mutating func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

    private var suggestionsLeft = 20

    /// "Did you mean" among many names; only for the first few, since each compares with all of
    /// them.
    mutating func suggestion(for name: String, among names: () -> [String]) -> String? {
        guard suggestionsLeft > 0 else { return nil }
        suggestionsLeft -= 1
        return Suggestion.help(for: name, among: names())
    }

    /// Reports what was expected and what was found.
    mutating func mismatch(_ key: String, _ expected: String, _ found: DocumentValue) {
        report(
            .error(
                "`\(key)` must be \(expected), found \(Wording.kind(of: found))", at: found.range))
    }

    mutating func string(_ entry: DocumentTable.Entry) -> String? {
        guard case .string(let text) = entry.value.content else {
            mismatch(entry.key, "a string", entry.value)
            return nil
        }
        return text
    }

    mutating func boolean(_ entry: DocumentTable.Entry) -> Bool? {
        guard case .boolean(let flag) = entry.value.content else {
            mismatch(entry.key, "true or false", entry.value)
            return nil
        }
        return flag
    }

    /// A whole number that is at least `least`.
    mutating func integer(_ entry: DocumentTable.Entry, atLeast least: Int) -> Int? {
        guard case .integer(let number) = entry.value.content else {
            mismatch(entry.key, "a whole number", entry.value)
            return nil
        }
        guard number >= Int64(least), number <= Int64(Int32.max) else {
            let bound =
                number < Int64(least) ? "at least \(least)" : "at most \(Int32.max)"
            report(
                .error("`\(entry.key)` must be \(bound), found \(number)", at: entry.value.range))
            return nil
        }
        return Int(number)
    }

    /// A duration; `mayBeZero` distinguishes waiting times from limits.
    mutating func duration(_ entry: DocumentTable.Entry, mayBeZero: Bool = false) -> Milliseconds? {
        let length: Milliseconds?
        let found: String
        let isTooLong: Bool
        switch entry.value.content {
        case .integer(let number):
            length = Duration.seconds(Double(number))
            found = "\(number)"
            isTooLong = Duration.isTooLong(Double(number))
        case .float(let number):
            length = Duration.seconds(number)
            found = "\(number)"
            isTooLong = Duration.isTooLong(number)
        case .string(let text):
            length = Duration.parse(text)
            found = "`\(text)`"
            isTooLong = Duration.isTooLong(text)
        default:
            mismatch(entry.key, "a duration", entry.value)
            return nil
        }
        guard !isTooLong else {
            report(
                .error(
                    "`\(entry.key)` is too long, found \(found)", at: entry.value.range,
                    help: "the longest duration is 100 years: \"\(Duration.longestText)\""))
            return nil
        }
        guard let length else {
            report(
                .error(
                    "`\(entry.key)` must be a duration, found \(found)", at: entry.value.range,
                    help: "write \"90s\", \"5m\", \"1h30m\", \"250ms\" or a number of seconds"))
            return nil
        }
        guard mayBeZero || length.value > 0 else {
            report(
                .error(
                    "`\(entry.key)` must be longer than 0", at: entry.value.range,
                    help: "leave the key out for no limit"))
            return nil
        }
        return length
    }

    /// One of the raw values of an enumeration.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ entry: DocumentTable.Entry, of type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        let names = Choice.allCases.map { "\"\($0.rawValue)\"" }
        guard case .string(let text) = entry.value.content else {
            mismatch(entry.key, Wording.list(names, "or"), entry.value)
            return nil
        }
        if let choice = Choice(rawValue: text) { return choice }
        report(
            .error(
                "`\(entry.key)` must be \(Wording.list(names, "or")), found `\(text)`",
                at: entry.value.range,
                help: Suggestion.help(for: text, among: Choice.allCases.map(\.rawValue))))
        return nil
    }

    mutating func table(_ entry: DocumentTable.Entry) -> DocumentTable? {
        guard case .table(let table) = entry.value.content else {
            mismatch(entry.key, "a table", entry.value)
            return nil
        }
        return table
    }

    mutating func list(_ entry: DocumentTable.Entry, of what: String) -> [DocumentValue]? {
        guard case .array(let values) = entry.value.content else {
            let help: String? =
                switch entry.value.content {
                case .string: "put it in brackets: `[…]`"
                case .table where what == "tables":
                    "write `[[…]]` around its name, for each of them"
                default: nil
                }
            report(
                .error(
                    "`\(entry.key)` must be a list of \(what), found "
                        + Wording.kind(of: entry.value), at: entry.value.range, help: help))
            return nil
        }
        return values
    }

    mutating func strings(_ entry: DocumentTable.Entry) -> [String]? {
        list(entry, of: "strings")?.compactMap { element(of: entry, $0) }
    }

    mutating func patterns(_ entry: DocumentTable.Entry) -> [FilePattern]? {
        list(entry, of: "strings")?.compactMap { value in
            element(of: entry, value).map { FilePattern($0, at: value.range) }
        }
    }

    /// One string of a list.
    mutating func element(of entry: DocumentTable.Entry, _ value: DocumentValue) -> String? {
        guard case .string(let text) = value.content else {
            report(
                .error(
                    "`\(entry.key)` must be a list of strings, found "
                        + "\(Wording.kind(of: value)) in it", at: value.range))
            return nil
        }
        return text
    }
}
