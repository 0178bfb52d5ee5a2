import Execution
import Reporting
import Synchronization

/// The final record of a run; the writer thread sets it once, and it is read afterwards.
final class FinalRecord: Sendable {
    private let value = Mutex<RunRecord?>(nil)

    var record: RunRecord? { value.withLock { $0 } }

    func keep(_ record: RunRecord) { value.withLock { $0 = record } }
}

/// A view that stores the last record for use after the run, and shows log paths relative to the
/// user's directory.
struct RecordingView: RunView {
    var base: any RunView
    let final: FinalRecord
    let place: StartDirectory
    let mask: SecretMask
    /// Nanoseconds that a step took in earlier runs, by index.
    let usualTime: @Sendable (Int) -> Int64?

    var frameInterval: Int64? { base.frameInterval }

    mutating func handle(_ event: RunEvent, record: RunRecord) -> String {
        mask.masked(base.handle(event, record: record))
    }

    mutating func frame(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        mask.masked(base.frame(at: now, record: record, surroundings: seen(surroundings)))
    }

    mutating func status(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        mask.masked(base.status(at: now, record: record, surroundings: seen(surroundings)))
    }

    mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int, at now: RunTime, record: RunRecord,
        surroundings: ViewSurroundings
    ) -> String {
        mask.masked(
            base.ask(
                question, typedLines: typedLines, at: now, record: record,
                surroundings: seen(surroundings)))
    }

    mutating func withdraw(surroundings: ViewSurroundings) -> String {
        mask.masked(base.withdraw(surroundings: seen(surroundings)))
    }

    mutating func rest(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String? {
        base.rest(at: now, record: record, surroundings: seen(surroundings)).map(mask.masked)
    }

    mutating func finish(
        at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
    ) -> String {
        final.keep(record)
        return mask.masked(
            base.finish(at: now, record: record, surroundings: seen(surroundings)))
    }

    private func seen(_ surroundings: ViewSurroundings) -> ViewSurroundings {
        var seen = surroundings
        let place = place
        seen.logPath = { place.path(ofProjectFile: surroundings.logPath($0)) }
        seen.usualTime = usualTime
        return seen
    }
}

/// `-q`: nothing for a successful run; after any other run the errors and the totals.
struct QuietView: RunView {
    let options: [String]
    let style: Style

    var frameInterval: Int64? { nil }

    func handle(_ event: RunEvent, record: RunRecord) -> String { "" }

    func frame(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings) -> String { "" }

    func status(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings) -> String {
        RunSnapshot(record, at: now, surroundings: surroundings, style: style).text
    }

    func finish(at now: RunTime, record: RunRecord, surroundings: ViewSurroundings) -> String {
        guard record.status != .complete || !record.failedSteps.isEmpty else { return "" }
        return RunSummary(record, surroundings: surroundings, options: options, style: style).text
    }
}
