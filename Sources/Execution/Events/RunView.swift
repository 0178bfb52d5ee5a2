/// What the shell asks a view to draw: a pure function of events, time and the last log lines.
///
/// A view lives on the writer thread. It returns text and never writes; the shell writes it.
public protocol RunView: Sendable {
    /// Takes in an event that `record` already holds, and returns lines to print, or "".
    mutating func handle(_ event: RunEvent, record: RunRecord) -> String
    /// Draws what changes with time, or "" when nothing does.
    mutating func frame(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings)
        -> String
    /// At the end of the run, before ``finish(at:record:surroundings:)``: the next piece of the output of
    /// steps that is still to be shown; nil when there is none.
    ///
    /// Asked again and again, each time after the reader has taken the piece before, so that whatever
    /// is left is shown whole and never held whole.
    mutating func rest(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings)
        -> String?
    /// The end of the run: the last text, after which the terminal is left as it was found.
    mutating func finish(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings)
        -> String
    /// What runs now, because somebody asked by a signal.
    mutating func status(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings)
        -> String
    /// Gives the terminal back for a while, since stepvisor is about to be stopped by Ctrl-Z: what
    /// moves is removed, and comes again with the next frame.
    mutating func withdraw(surroundings: ViewSurroundings) -> String
    /// Shows a question below everything else until another one, or nil, takes its place; what is
    /// typed shows behind it.
    ///
    /// `typedLines`: how many lines were typed since the last call, each of which has moved the
    /// cursor to the next line.
    mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int, at now: RunTime, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String
    /// Nanoseconds between two frames; nil when the view has nothing that changes with time.
    var frameInterval: Int64? { get }
}

extension RunView {
    /// Nothing: a view that shows nothing while the run lasts.
    public mutating func status(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String { "" }

    /// Nothing: a view in a run that asks nobody.
    public mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int, at now: RunTime, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String { "" }

    /// Nothing: a view that shows no output of steps.
    public mutating func rest(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String? { nil }

    /// Nothing: a view of which nothing moves.
    public mutating func withdraw(surroundings: ViewSurroundings) -> String { "" }
}

/// What a view may ask of the world, through the shell.
public struct ViewSurroundings: Sendable {
    /// Columns and rows of the terminal; nil where there is none.
    public var terminalSize: (columns: Int, rows: Int)?
    /// The last bytes of a step's log (at most so many), by step index; masked, not neutralised.
    public var logTail: @Sendable (_ step: Int, _ bytes: Int) -> [UInt8]
    /// New bytes of a step's log since an offset (at most so many), by step index.
    public var logBytes: @Sendable (_ step: Int, _ offset: Int64, _ limit: Int) -> [UInt8]
    /// Bytes in a step's log, by step index.
    public var logSize: @Sendable (_ step: Int) -> Int64 = { _ in 0 }
    /// Takes secrets out of ``logBytes``; the other texts that a view gets hold none.
    public var mask = SecretMask.none
    /// Path of a step's log as a user would type it.
    public var logPath: @Sendable (_ step: Int) -> String

    /// Nanoseconds that a step took in earlier runs, by step index; nil where that is not known.
    public var usualTime: @Sendable (_ step: Int) -> Int64? = { _ in nil }

    /// What a view may ask.
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
