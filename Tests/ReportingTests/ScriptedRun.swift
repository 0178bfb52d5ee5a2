import Execution
import Synchronization

@testable import Reporting

/// A run that a test plays by hand: events in virtual time, logs in memory, one view watching.
struct ScriptedRun<View: RunView> {
    private(set) var view: View
    private(set) var record: RunRecord
    let logs = FakeLogs()
    var size: (columns: Int, rows: Int)?

    init(
        _ ids: [String], dependencies: [Int: [Int32]] = [:], parallel: Int = 2, view: View,
        size: (columns: Int, rows: Int)? = nil, header given: RunHeader? = nil
    ) {
        let steps = ids.enumerated().map { index, id in
            StepHeader(id: id, dependencies: dependencies[index] ?? [])
        }
        let header = RunHeader(
            runID: "r1", workflow: "demo", mode: parallel > 1 ? .parallel : .sequential,
            maxParallelSteps: parallel, startedAt: WallTime(microseconds: 0), pid: 1, bootID: "b",
            tasks: [TaskHeader(id: "", description: "")], steps: steps)
        record = RunRecord(header: given ?? header)
        self.view = view
        self.size = size
    }

    var surroundings: ViewSurroundings {
        let logs = logs
        var surroundings = ViewSurroundings(
            terminalSize: size,
            logTail: { step, count in Array(logs.bytes(of: step).suffix(count)) },
            logBytes: { step, offset, limit in
                Array(logs.bytes(of: step).dropFirst(Int(offset)).prefix(limit))
            },
            logPath: { "logs/\($0).log" })
        surroundings.logSize = { Int64(logs.bytes(of: $0).count) }
        return surroundings
    }

    /// An event, so many milliseconds after the beginning; what the view says to it.
    @discardableResult
    mutating func at(_ milliseconds: Int64, _ kind: RunEvent.Kind) -> String {
        let event = RunEvent(kind, at: RunTime(milliseconds: milliseconds))
        record.apply(event)
        return view.handle(event, record: record)
    }

    @discardableResult
    mutating func begin() -> String { at(0, .runStarted(record.header)) }

    @discardableResult
    mutating func launch(_ step: Int, at time: Int64) -> String {
        at(time, .launched(step: step, attempt: 1, method: .primary, execution: step + 1))
            + at(time, .started(step: step, pid: Int32(100 + step), startTicks: 0))
    }

    @discardableResult
    mutating func end(_ step: Int, at time: Int64, code: Int32 = 0) -> String {
        let end =
            code == 0
            ? StepEnd(status: .complete, exit: .exited(0))
            : StepEnd(status: .failed, reason: .exited(code), exit: .exited(code))
        return at(time, .ended(step: step, end))
    }

    mutating func frame(at time: Int64) -> String {
        view.frame(
            at: RunTime(milliseconds: time), record: record, surroundings: surroundings)
    }

    mutating func status(at time: Int64) -> String {
        view.status(
            at: RunTime(milliseconds: time), record: record, surroundings: surroundings)
    }

    /// A step that ran has failed, and a person is to decide about it.
    @discardableResult
    mutating func failForReview(_ step: Int, at time: Int64, code: Int32 = 3) -> String {
        let failure = AttemptFailure(reason: .exited(code), exit: .exited(code))
        return at(time, .attemptFailed(step: step, failure)) + at(time, .reviewWanted(step: step))
    }

    mutating func ask(
        _ question: ReviewQuestion?, typedLines: Int = 0, at time: Int64
    ) -> String {
        view.ask(
            question, typedLines: typedLines, at: RunTime(milliseconds: time), record: record,
            surroundings: surroundings)
    }

    mutating func withdraw() -> String { view.withdraw(surroundings: surroundings) }

    mutating func finish(at time: Int64, _ status: RunStatus = .complete) -> String {
        var text = at(time, .runEnded(status))
        let now = RunTime(milliseconds: time)
        while let rest = view.rest(at: now, record: record, surroundings: surroundings) {
            text += rest
        }
        return text + view.finish(at: now, record: record, surroundings: surroundings)
    }
}

/// Logs that a test writes while a view reads them.
final class FakeLogs: Sendable {
    private let contents = Mutex<[Int: [UInt8]]>([:])

    func append(_ text: String, to step: Int) {
        contents.withLock { $0[step, default: []] += Array(text.utf8) }
    }

    func bytes(of step: Int) -> [UInt8] { contents.withLock { $0[step] ?? [] } }
}
