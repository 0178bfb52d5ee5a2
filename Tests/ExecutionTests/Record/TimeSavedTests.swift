import Testing

@testable import Execution

@Suite("Time saved is claimed only of what was measured")
struct TimeSavedTests {
    private static let second: Int64 = 1_000_000_000

    private static func launched(_ step: Int, _ attempt: Int = 1) -> RunEvent.Kind {
        .launched(step: step, attempt: attempt, method: .primary, execution: step + 1)
    }

    private static func complete(_ step: Int) -> RunEvent.Kind {
        .ended(step: step, StepEnd(status: .complete, exit: .exited(0)))
    }

    private static func failed(_ step: Int) -> RunEvent.Kind {
        .ended(step: step, StepEnd(status: .failed, reason: .exited(1), exit: .exited(1)))
    }

    /// Three steps; `a` and `b` run together from 0 s to 10 s, unless the events say otherwise.
    private static func record(_ events: [(Int64, RunEvent.Kind)]) -> RunRecord {
        var record = RunRecord(
            header: RunRecordSample.header(steps: ["a", "b", "c"].map { StepHeader(id: $0) }))
        for (seconds, kind) in events {
            record.apply(RunEvent(kind, at: RunTime(nanoseconds: seconds * second)))
        }
        return record
    }

    private static let both: [(Int64, RunEvent.Kind)] = [(0, launched(0)), (0, launched(1))]

    @Test("a run in which every step had its turn claims the sum less the wall time")
    func whole() {
        let good = Self.record(
            Self.both + [
                (10, Self.complete(0)), (10, Self.complete(1)),
                (10, .skipped(step: 2, .notSelected)),
                (12, .runEnded(.complete)),
            ])
        #expect(good.timeSaved == 8 * Self.second)
        // A failure that keeps nothing but its dependents from running would have done so alone too.
        let keptGoing = Self.record(
            Self.both + [
                (4, Self.failed(0)), (4, .skipped(step: 2, .dependencyFailed(0))),
                (10, Self.complete(1)), (10, .runEnded(.failed)),
            ])
        #expect(keptGoing.timeSaved == 4 * Self.second)
    }

    /// What cuts a run short.
    static let cuts: [[(Int64, RunEvent.Kind)]] = [
        [(5, .halting(step: 0)), (5, .skipped(step: 2, .halted(by: 0))), (9, .runEnded(.failed))],
        [
            (5, .stopping(signal: 2)),
            (6, .ended(step: 2, StepEnd(status: .aborted, reason: .interrupted(2)))),
            (9, .runEnded(.aborted)),
        ],
        [(5, .stopping(signal: 15)), (5, complete(2)), (9, .runEnded(.complete))],
        [
            (5, .limitReached(.run, limitMilliseconds: 1)),
            (5, .skipped(step: 2, .timedOut(.run, limitMilliseconds: 1))), (9, .runEnded(.failed)),
        ],
        [
            (5, .limitReached(.phase, limitMilliseconds: 1)),
            (5, .skipped(step: 2, .timedOut(.phase, limitMilliseconds: 1))),
            (9, .runEnded(.failed)),
        ],
        [(5, .skipped(step: 2, .awaitsReview(of: 0))), (9, .runEnded(.review))],
        // It goes on, or died.
        [(5, complete(2))],
        // A journal that ends too early for its end.
        [(9, .runEnded(.complete))],
    ]

    @Test(
        "a run that was cut short claims nothing, and its document says null",
        arguments: cuts.indices)
    func cut(index: Int) {
        let record = Self.record(
            Self.both + [(4, Self.complete(0)), (4, Self.complete(1))] + Self.cuts[index])
        #expect(record.timeSaved == nil)
        var document = ProgressDocument(header: record.header)
        let text = String(decoding: document.bytes(of: record, at: .zero), as: UTF8.self)
        #expect(text.contains("\"time_saved_ms\":null"))
    }

    @Test("one step at once claims nothing, however its attempts were recorded")
    func single() {
        let record = Self.record([
            (0, Self.launched(0)), (10, Self.complete(0)), (10, Self.launched(1)),
            (20, Self.complete(1)), (20, Self.launched(2)), (30, Self.complete(2)),
            (5, .runEnded(.complete)),
        ])
        #expect(record.timeSaved == 0)
    }

    @Test("standing still by Ctrl-Z saves nothing for each of the steps that stood still")
    func standstill() {
        let record = Self.record(
            Self.both + [
                (2, .suspended), (102, .resumed(after: 100 * Self.second)),
                (110, Self.complete(0)), (110, Self.complete(1)),
                (110, .skipped(step: 2, .notSelected)), (110, .runEnded(.complete)),
            ])
        #expect(record.sumOfStepTimes() == 20 * Self.second)
        #expect(record.timeSaved == 10 * Self.second)
    }

    @Test("pauses between attempts and attempts that found a resource busy count for nothing")
    func attempts() {
        let record = Self.record(
            Self.both + [
                (
                    3,
                    .attemptFailed(
                        step: 0,
                        AttemptFailure(reason: .exited(75), exit: .exited(75), isBusy: true))
                ),
                (
                    3,
                    .retryScheduled(step: 0, attempt: 2, method: .primary, delayMilliseconds: 4000)
                ),
                (7, Self.launched(0, 2)), (9, Self.complete(0)), (10, Self.complete(1)),
                (10, .skipped(step: 2, .upToDate(run: "r"))), (10, .runEnded(.complete)),
            ])
        #expect(record.sumOfStepTimes() == 12 * Self.second)
        #expect(record.timeSaved == 2 * Self.second)
    }

    @Test("barriers are counted once each, of all tasks, and are nothing else")
    func barriers() {
        let record = Self.record([
            (1, .barrierPassed(task: 0, phase: 1)), (2, .barrierPassed(task: 1, phase: 1)),
            (3, .barrierPassed(task: 0, phase: 2)), (4, .barrierPassed(task: 0, phase: 2)),
        ])
        #expect(record.synchronisationPoints == 3)
        #expect(Self.record(Self.both).synchronisationPoints == 0)
    }
}
