import Execution
import Testing
import TestSupport

@Suite("RunRecord")
struct RunRecordTests {
    private static let second: Int64 = 1_000_000_000

    private static func fold(
        _ header: RunHeader, _ events: [(Int64, RunEvent.Kind)]
    ) -> RunRecord {
        var record = RunRecord(header: header)
        for (seconds, kind) in events {
            record.apply(RunEvent(kind, at: RunTime(nanoseconds: seconds * second)))
        }
        return record
    }

    private static func launched(_ step: Int, _ attempt: Int = 1) -> RunEvent.Kind {
        .launched(step: step, attempt: attempt, method: .primary, execution: step + 1)
    }

    private static func complete(_ step: Int) -> RunEvent.Kind {
        .ended(step: step, StepEnd(status: .complete, exit: .exited(0)))
    }

    private static func failed(_ step: Int, allowed: Bool = false) -> RunEvent.Kind {
        .ended(step: step, StepEnd(status: .failed, reason: .exited(1), isAllowed: allowed))
    }

    /// Three at once (60, 45, 30 s), then one of 50 s on all three, then one of 20 s.
    private static let seed = fold(
        RunRecordSample.header(steps: [
            StepHeader(id: "a"), StepHeader(id: "b"), StepHeader(id: "c"),
            StepHeader(id: "d", phase: 2, dependencies: [0, 1, 2]),
            StepHeader(id: "e", phase: 3, dependencies: [3]),
        ]),
        [
            (0, launched(0)), (0, launched(1)), (0, launched(2)), (30, complete(2)),
            (45, complete(1)), (60, complete(0)), (60, launched(3)), (110, complete(3)),
            (110, launched(4)), (130, complete(4)), (130, .runEnded(.complete)),
        ])

    @Test("time saved is the sum of step times less the wall time, both measured")
    func measures() {
        let record = Self.seed
        #expect(record.wallTime() == 130 * Self.second)
        #expect(record.sumOfStepTimes() == 205 * Self.second)
        #expect(record.timeSaved == 75 * Self.second)
        #expect(record.peakConcurrency == 3)
        #expect(record.synchronisationPoints == 0)
        #expect(record.criticalPath().steps == [0, 3, 4])
        #expect(record.criticalPath().duration == 130 * Self.second)
        #expect(record.satisfiedDependencies(of: 3) == [0, 1, 2])
        #expect(record.exitCode == 0)
    }

    @Test("a step ran in parallel exactly if it shared time with another")
    func parallel() {
        #expect(Self.seed.steps.map(\.ranInParallel) == [true, true, true, false, false])
        let overlapping = Self.fold(
            RunRecordSample.header(steps: (0..<4).map { StepHeader(id: "s\($0)") }),
            [
                (0, Self.launched(0)), (1, Self.launched(1)), (2, Self.complete(0)),
                (3, Self.launched(2)), (4, Self.complete(1)), (5, Self.complete(2)),
                (6, Self.launched(3)), (7, Self.complete(3)),
            ])
        #expect(overlapping.steps.map(\.ranInParallel) == [true, true, true, false])
        #expect(overlapping.peakConcurrency == 2)
    }

    @Test("a run that goes on is measured up to now")
    func running() {
        let record = Self.fold(
            RunRecordSample.header, [(1, Self.launched(0)), (2, Self.launched(1))])
        let now = RunTime(nanoseconds: 5 * Self.second)
        #expect(record.wallTime(at: now) == 5 * Self.second)
        #expect(record.sumOfStepTimes(at: now) == 7 * Self.second)
        #expect(record.timeSaved == nil)
        #expect(record.wallTime() == 2 * Self.second)
        #expect(record.runningCount == 2)
        #expect(record.counts.done == 0)
    }

    @Test(
        "the exit code tells how the run ended",
        arguments: [
            ([failed(0), .runEnded(.failed)], 1), ([failed(0)], 1),
            ([failed(0, allowed: true), .runEnded(.complete)], 0),
            ([failed(0), launched(0, 2), complete(0), .runEnded(.complete)], 0),
            ([.stopping(signal: 2), .stopping(signal: 15), .runEnded(.aborted)], 130),
            ([.runEnded(.review)], 3), ([.runEnded(.complete)], 0), ([], 0),
            (
                [
                    .terminating(
                        step: 0, signal: 15, reason: .timedOut(.run, limitMilliseconds: 1)),
                    .runEnded(.failed),
                ], 124
            ),
            ([.stopping(signal: .max)], .min + 127),
        ] as [([RunEvent.Kind], Int32)])
    func exitCode(kinds: [RunEvent.Kind], code: Int32) {
        #expect(Self.fold(RunRecordSample.header, kinds.map { (1, $0) }).exitCode == code)
    }

    @Test("failed steps are named in the order in which they failed")
    func failedSteps() {
        let record = Self.fold(
            RunRecordSample.header,
            [(1, Self.failed(2)), (2, Self.failed(0)), (3, Self.complete(1))])
        #expect(record.failedSteps == [2, 0])
    }

    @Test("an ordinary step's history follows from its times")
    func ordinaryHistory() {
        let record = Self.fold(
            RunRecordSample.header,
            [
                (1, Self.launched(0)), (1, .started(step: 0, pid: 5, startTicks: 6)),
                (2, Self.complete(0)),
            ])
        #expect(
            record.steps[0].events.map(\.name.description) == [
                "launched", "started", "primary_method_started", "primary_method_complete",
                "complete",
            ])
        #expect(record.steps[0].pid == 5 && record.steps[0].startTicks == 6)
        #expect(record.steps[0].duration == Self.second)
        #expect(record.steps[1].events.isEmpty)
    }

    @Test("attempts, methods and signals stay in the history, in order")
    func eventfulHistory() {
        let record = Self.fold(
            RunRecordSample.header,
            [
                (1, Self.launched(0)), (1, .started(step: 0, pid: 5, startTicks: 6)),
                (2, .terminating(step: 0, signal: 15, reason: .exited(1))),
                (3, .killed(step: 0)), (3, Self.failed(0)),
                (4, .launched(step: 0, attempt: 2, method: .backup(1), execution: 9)),
                (4, .started(step: 0, pid: 7, startTicks: 8)), (6, Self.complete(0)),
            ])
        #expect(
            record.steps[0].events.map(\.name.description) == [
                "launched", "started", "primary_method_started", "terminating", "killed",
                "primary_method_failed", "failed", "launched", "started", "backup[1]_started",
                "backup[1]_complete", "complete",
            ])
        #expect(
            record.steps[0].events.map { $0.time.nanoseconds / Self.second }
                == [1, 1, 1, 2, 3, 3, 3, 4, 4, 4, 6, 6])
        #expect(record.steps[0].attempts == 2 && record.steps[0].reason == nil)
        #expect(record.sumOfStepTimes() == 4 * Self.second)
    }

    @Test("the first end of a step counts, and a wait is over when it starts")
    func oddOrders() {
        let holder = LockHolder(resource: "db")
        var record = Self.fold(
            RunRecordSample.header, [(1, .waiting(step: 0, holder: holder))])
        #expect(record.steps[0].waitingFor == holder)
        for kind in [Self.launched(0), Self.failed(0), Self.complete(0)] {
            record.apply(RunEvent(kind, at: RunTime(nanoseconds: 2)))
        }
        #expect(record.steps[0].waitingFor == nil)
        #expect(record.steps[0].status == .failed)
        #expect(record.counts[.failed] == 1 && record.counts[.complete] == 0)
    }

    @Test("what held a step back stays in its history")
    func conditionFalse() {
        let holder = LockHolder(resource: "f.md", step: "a", why: .sharedOutput)
        var record = Self.fold(
            RunRecordSample.header, [(1, .waiting(step: 0, holder: holder))])
        #expect(record.holder(of: 0) == holder && record.steps[0].launchedAt == nil)
        for kind in [Self.launched(0), Self.complete(0)] {
            record.apply(RunEvent(kind, at: RunTime(nanoseconds: 2)))
        }
        #expect(record.steps[0].events.map(\.name.description).first == "waiting")
        #expect(record.steps[0].events.map(\.name.description).contains("launched"))
        #expect(record.holder(of: 0) == nil && record.lastHolder(of: 0) == holder)
        #expect(record.lastHolder(of: 1) == nil && record.holder(of: -1) == nil)
    }

    @Test("a run whose stepvisor died is interrupted, unless it had ended")
    func interrupted() {
        var record = Self.fold(RunRecordSample.header, [(1, Self.launched(0))])
        record.markInterrupted()
        #expect(record.status == .interrupted && record.steps[0].status == .running)
        #expect(record.exitCode == 1)
        var whole = Self.seed
        whole.markInterrupted()
        #expect(whole.status == .complete)
    }

    @Test("a cycle in a damaged header ends the critical path and not the program")
    func cycle() {
        let header = RunRecordSample.header(steps: [
            StepHeader(id: "a", dependencies: [1]), StepHeader(id: "b", dependencies: [0]),
            StepHeader(id: "c", task: -7, phase: -1, dependencies: [-1, 99, 2]),
        ])
        let record = Self.fold(header, [(0, Self.launched(0)), (1, Self.complete(0))])
        #expect(record.criticalPath().steps.isEmpty)
        #expect(RunLayout(header).phases.flatMap(\.steps).sorted() == [0, 1, 2])
    }

    @Test("no sequence of events traps, and the totals add up", arguments: 0..<300)
    func anySequence(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed + 1))
        var record = RunRecord(header: RunRecordSample.header)
        let count = record.steps.count
        for _ in 0..<60 {
            let time = Int64.random(in: .min ... .max, using: &random) >> Int.random(in: 0...40)
            let event = RunRecordSample.event(
                using: &random, at: RunTime(nanoseconds: time / 1000 * 1000))
            record.apply(event)
            #expect(record.counts.total == count)
            for status in StepStatus.allCases {
                #expect(record.counts[status] == record.steps.count { $0.status == status })
            }
            #expect(record.runningCount <= record.peakConcurrency)
            #expect(
                record.allowedFailureCount
                    == record.steps.count { $0.status == .failed && $0.isAllowed })
        }
        #expect((record.timeSaved ?? 0) >= 0 && record.wallTime() >= 0)
        #expect(record.sumOfStepTimes() >= 0)
        #expect(record.criticalPath().duration >= 0)
        _ = record.exitCode
        for step in record.steps {
            #expect((step.duration ?? 0) >= 0)
            _ = step.events
        }
    }

    @Test("ten thousand ended steps take a few mebibytes")
    func size() {
        let perStep = MemoryLayout<StepRecord>.stride
        #expect(perStep * 10_000 <= 3 << 20, "a step record takes \(perStep) bytes")
    }
}
