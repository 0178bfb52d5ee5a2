/// What is shown of the steps' own output while a run goes on (`--output`).
///
/// Step output that is shown is progress: it goes where progress goes, to standard error, so that
/// standard output holds nothing but the data that was asked for. Each line of it is sanitized.
public enum OutputMode: String, Hashable, Sendable, CaseIterable {
    /// Nothing during the run; at its end the last lines of each failed step.
    case failures
    /// The whole log of a step once it has ended, under its line and indented.
    case group
    /// Each line as it comes, with the step's id in front.
    case prefix
    /// Each line as it comes.
    case stream
    /// Neither output nor progress: only what went wrong, at the end.
    case none

    /// Whether a view reads logs while the run goes on.
    var showsLogs: Bool { self == .group || showsLinesAsTheyCome }

    /// Whether lines are shown before their step has ended.
    var showsLinesAsTheyCome: Bool { self == .prefix || self == .stream }
}
