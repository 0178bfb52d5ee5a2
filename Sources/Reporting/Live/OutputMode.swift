/// What is shown of the steps' own output during a run (`--output`).
///
/// Step output counts as progress: it goes to standard error, so that standard output holds only
/// requested data. Each line of it is sanitized.
public enum OutputMode: String, Hashable, Sendable, CaseIterable {
    /// Nothing during the run; at the end the last lines of each failed step.
    case failures
    /// The whole log of a step once it has ended, indented under its line.
    case group
    /// Each line as it arrives, with the step's id in front.
    case prefix
    /// Each line as it arrives.
    case stream
    /// Neither output nor progress: only errors, at the end.
    case none

    /// Whether a view reads logs during the run.
    var showsLogs: Bool { self == .group || showsLinesAsTheyCome }

    /// Whether lines are shown before their step has ended.
    var showsLinesAsTheyCome: Bool { self == .prefix || self == .stream }
}
