import Execution
import Reporting
import Synchronization

/// The record that a run ended with; written once by the writer thread, read after it.
final class FinalRecord: Sendable {
    private let value = Mutex<RunRecord?>(nil)

    var record: RunRecord? { value.withLock { $0 } }

    func keep(_ record: RunRecord) { value.withLock { $0 = record } }
}

/// A view that keeps the last record for those who want it after the run.
struct RecordingView: RunView {
    var base: any RunView
    let final: FinalRecord

    var frameInterval: Int64? { base.frameInterval }

    mutating func handle(_ event: RunEvent, record: RunRecord) -> String {
        base.handle(event, record: record)
    }

    mutating func frame(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        base.frame(at: now, record: record, surroundings: surroundings)
    }

    mutating func finish(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        final.keep(record)
        return base.finish(at: now, record: record, surroundings: surroundings)
    }
}

/// `-q`: nothing while the run goes on; at its end what went wrong, and the totals.
struct QuietView: RunView {
    let options: [String]
    let style: Style

    var frameInterval: Int64? { nil }

    func handle(_ event: RunEvent, record: RunRecord) -> String { "" }

    func frame(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings) -> String { "" }

    func finish(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings) -> String {
        RunSummary(record, surroundings: surroundings, options: options, style: style).text
    }
}
