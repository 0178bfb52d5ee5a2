/// An error, a warning or a note about what the user declared.
public struct Diagnostic: Hashable, Sendable {
    /// How serious it is: an error keeps the workflow from running.
    public enum Severity: Int, Hashable, Sendable, Comparable {
        case note, warning, error

        /// Notes come before warnings, warnings before errors.
        public static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
    }

    /// A second place that a message refers to ("first declared here").
    public struct Related: Hashable, Sendable {
        /// What is at that place.
        public var message: String
        /// Where it is.
        public var range: SourceRange

        /// Names a second place.
        public init(_ message: String, at range: SourceRange) {
            self.message = message
            self.range = range
        }
    }

    /// How serious it is.
    public var severity: Severity
    /// What is wrong: lower case, no full stop, names in backticks.
    public var message: String
    /// Where it is; nil when it concerns no place in a file.
    public var range: SourceRange?
    /// What to type next, as a sentence ("did you mean `dependencies`?").
    public var help: String?
    /// Further places that belong to it.
    public var related: [Related]

    /// Makes a diagnostic.
    public init(
        _ severity: Severity, _ message: String, at range: SourceRange? = nil,
        help: String? = nil, related: [Related] = []
    ) {
        self.severity = severity
        self.message = message
        self.range = range
        self.help = help
        self.related = related
    }

    /// An error: the workflow cannot run as it is.
    public static func error(
        _ message: String, at range: SourceRange? = nil, help: String? = nil,
        related: [Related] = []
    ) -> Diagnostic {
        Diagnostic(.error, message, at: range, help: help, related: related)
    }

    /// A warning: the workflow can run, and the user should know.
    public static func warning(
        _ message: String, at range: SourceRange? = nil, help: String? = nil,
        related: [Related] = []
    ) -> Diagnostic {
        Diagnostic(.warning, message, at: range, help: help, related: related)
    }
}
