public import WorkflowModel

/// A value of a file with its place, whatever the file's syntax.
///
/// The TOML and the JSON reader produce this tree, and the decoder consumes it.
public struct DocumentValue: Sendable {
    /// What was written.
    public enum Content: Sendable {
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        /// A TOML date or time; JSON has none.
        case dateTime(DocumentDateTime)
        case array([DocumentValue])
        case table(DocumentTable)
        /// JSON's `null`; TOML has none.
        case null
    }

    /// What was written.
    public var content: Content
    /// The value's own bytes (for a table from a `[header]`, the header).
    public var range: SourceRange

    /// Makes a value with its place.
    public init(_ content: Content, at range: SourceRange) {
        self.content = content
        self.range = range
    }
}

/// A table's entries in the order in which they were written.
public struct DocumentTable: Sendable {
    /// One key with its value.
    public struct Entry: Sendable {
        /// The key, unquoted and unescaped.
        public var key: String
        /// The key's own bytes: where the caret of "unknown key" points.
        public var keyRange: SourceRange
        /// The value.
        public var value: DocumentValue

        /// Makes an entry.
        public init(key: String, keyRange: SourceRange, value: DocumentValue) {
            self.key = key
            self.keyRange = keyRange
            self.value = value
        }
    }

    /// The entries, first written first; no key twice.
    public var entries: [Entry]

    /// A table of these entries.
    public init(entries: [Entry] = []) { self.entries = entries }

    /// The value of a key; linear time, since tables in workflow files are short.
    public subscript(key: String) -> DocumentValue? {
        for entry in entries where entry.key == key { return entry.value }
        return nil
    }
}

/// One of TOML's four kinds of dates and times, as written.
public struct DocumentDateTime: Hashable, Sendable {
    /// Which of the four.
    public enum Kind: Hashable, Sendable {
        case offsetDateTime, localDateTime, localDate, localTime
    }

    /// Normalised text: RFC 3339 with `T`, seconds and, where there is an offset, `Z` or `+hh:mm`.
    public var text: String
    /// Which of the four.
    public var kind: Kind

    /// Makes a date or time.
    public init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }
}
