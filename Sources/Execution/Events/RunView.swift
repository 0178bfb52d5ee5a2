/// Draws a run: a pure function of events, time and the last log lines.
///
/// A view lives on the writer thread. It returns text and never writes; the shell writes it.
public protocol RunView: Sendable {
    /// Handles an event that `record` already contains, and returns lines to print, or "".
    mutating func handle(_ event: RunEvent, record: RunRecord) -> String
    /// Draws what changes with time, or "" when nothing does.
    mutating func frame(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings)
        -> String
    /// At the end of the run, before ``finish(at:record:surroundings:)``: the next piece of step
    /// output that is still to be shown; nil when there is none.
    ///
    /// Called repeatedly, each time after the previous piece was written, so that all remaining
    /// output is shown without ever being in memory as a whole.
    mutating func rest(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings)
        -> String?
    /// The last text of the run; afterwards the terminal is in its original state.
    mutating func finish(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings)
        -> String
    /// What runs now, printed when a signal asks for it.
    mutating func status(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings)
        -> String
    /// Releases the terminal before Ctrl-Z stops stepvisor: removes the moving lines, which the
    /// next frame draws again.
    mutating func withdraw(surroundings: ViewSurroundings) -> String
    /// Shows a question below everything else until another one, or nil, replaces it; typed text
    /// appears behind it.
    ///
    /// `typedLines`: how many lines were typed since the last call, each of which moved the cursor
    /// to the next line.
    mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int, at now: RunTime, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String
    /// Nanoseconds between two frames; nil when nothing in the view changes with time.
    var frameInterval: Int64? { get }
}

extension RunView {
    /// Nothing: for a view that shows nothing during the run.
    public mutating func status(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String { "" }

    /// Nothing: for a view in a run that asks nobody.
    public mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int, at now: RunTime, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String { "" }

    /// Nothing: for a view that shows no step output.
    public mutating func rest(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String? { nil }

    /// Nothing: for a view without moving lines.
    public mutating func withdraw(surroundings: ViewSurroundings) -> String { "" }
}

/// What a view can query, through the shell.
public struct ViewSurroundings: Sendable {
    /// Columns and rows of the terminal; nil without one.
    public var terminalSize: (columns: Int, rows: Int)?
    /// The last bytes of a step's log (at most the given number), by step index; masked, not
    /// neutralised.
    public var logTail: @Sendable (_ step: Int, _ bytes: Int) -> [UInt8]
    /// New bytes of a step's log since an offset (at most the given number), by step index.
    public var logBytes: @Sendable (_ step: Int, _ offset: Int64, _ limit: Int) -> [UInt8]
    /// Bytes in a step's log, by step index.
    public var logSize: @Sendable (_ step: Int) -> Int64 = { _ in 0 }
    /// Masks ``logBytes``; all other texts that a view gets are masked already.
    public var mask = SecretMask.none
    /// Path of a step's log as a user would type it.
    public var logPath: @Sendable (_ step: Int) -> String

    /// Nanoseconds that a step took in earlier runs, by step index; nil when unknown.
    public var usualTime: @Sendable (_ step: Int) -> Int64? = { _ in nil }

    /// Everything that a view can query.
    public init(
        terminalSize: (columns: Int, rows: Int)?,
        logTail: @escaping @Sendable (Int, Int) -> [UInt8],
        logBytes: @escaping @Sendable (Int, Int64, Int) -> [UInt8],
        logPath: @escaping @Sendable (Int) -> String
    ) {
        self.terminalSize = terminalSize
        self.logTail = logTail
        self.logBytes = logBytes
        self.logPath = logPath
    }
}
