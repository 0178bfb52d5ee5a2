public import Execution

/// The events of a run as the lines of its journal, for programs (`--json`).
///
/// The lines are data that was asked for: they belong on standard output. See ``JournalEncoder``
/// for their form.
public struct JSONView: RunView {
    private var encoder: JournalEncoder?

    /// A view of a run that has not yet begun.
    public init() {}

    /// Nothing changes with time.
    public var frameInterval: Int64? { nil }

    /// The line of an event, or of each of its parts.
    public mutating func handle(_ event: RunEvent, record: RunRecord) -> String {
        var encoder = self.encoder ?? JournalEncoder(header: record.header)
        var lines: [UInt8] = []
        for part in event.kind.parts { encoder.append(RunEvent(part, at: event.time), to: &lines) }
        self.encoder = encoder
        return String(decoding: lines, as: UTF8.self)
    }

    /// Nothing.
    public mutating func frame(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String { "" }

    /// What runs now, in words; this text goes to standard error.
    public mutating func status(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        RunSnapshot(record, at: now, surroundings: surroundings, style: .plain).text
    }

    /// Nothing: the last event holds the result.
    public mutating func finish(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String { "" }
}
