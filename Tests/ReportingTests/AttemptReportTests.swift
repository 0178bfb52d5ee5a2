import Execution
import Testing

@testable import Reporting

/// A run whose steps need several attempts, for views to show.
enum AttemptSample {
    /// `api` fails, is busy, and is done by its backup; `broken` fails twice; `clean` always runs, and fails.
    static let events: [(Double, RunEvent.Kind)] =
        SampleRun.launch(0, at: 0) + [
            (1, .attemptFailed(step: 0, failure(1))),
            (1, .retryScheduled(step: 0, attempt: 2, method: .primary, delayMilliseconds: 2000)),
        ] + SampleRun.launch(0, at: 3, attempt: 2) + [
            (4, .attemptFailed(step: 0, failure(75, isBusy: true))),
            (4, .throttled(step: 0, resource: "db", limit: 2, delayMilliseconds: 4000)),
            (4, .retryScheduled(step: 0, attempt: 3, method: .primary, delayMilliseconds: 4000)),
        ] + SampleRun.launch(0, at: 8, attempt: 3) + [
            (9, .attemptFailed(step: 0, failure(3))),
            (9, .retryScheduled(step: 0, attempt: 4, method: .backup(1), delayMilliseconds: 0)),
            (9, .launched(step: 0, attempt: 4, method: .backup(1), execution: 9)),
            (9, .started(step: 0, pid: 9, startTicks: 1)),
            (11, .checkStarted(step: 0, pid: 10, startTicks: 1)),
            (12, .ended(step: 0, StepEnd(status: .complete, exit: .exited(0)))),
            (12, .throttleEased(resource: "db", limit: 3)),
        ] + SampleRun.launch(1, at: 12) + [
            (13, .attemptFailed(step: 1, failure(9))),
            (13, .retryScheduled(step: 1, attempt: 2, method: .primary, delayMilliseconds: 1000)),
        ] + SampleRun.launch(1, at: 14, attempt: 2) + [
            SampleRun.fail(1, at: 15, 9), (15, .finalizing),
        ] + SampleRun.launch(2, at: 15) + [SampleRun.fail(2, at: 16, 4), (16, .runEnded(.failed))]

    static func failure(_ code: Int32, isBusy: Bool = false) -> AttemptFailure {
        AttemptFailure(reason: .exited(code), exit: .exited(code), isBusy: isBusy)
    }

    static var header: RunHeader {
        var steps = [
            StepHeader(id: "api"), StepHeader(id: "broken"), StepHeader(id: "clean", phase: 2),
        ]
        steps[0].maxAttempts = 3
        steps[1].maxAttempts = 2
        steps[2].isFinalizer = true
        return SampleRun.header(steps)
    }

    /// The run up to a time in seconds.
    static func record(until time: Double = .infinity) -> RunRecord {
        SampleRun.record(header, events.filter { $0.0 <= time })
    }
}

@Suite("Attempts in reports")
struct AttemptReportTests {
    @Test("each attempt has its bar, and the rest before the next is dotted")
    func timeline() {
        let text = Timeline(
            AttemptSample.record(), at: .zero, columns: 80, isAlive: false
        ).text
        #expect(
            text.hasPrefix(
                """
                Phase 1 (sequential)
                15:00:05 T+0ms   [api]         =X....                           failed (1.0s)
                15:00:08 T+3.0s    attempt 2         =b........                 busy (1.0s)
                15:00:13 T+8.0s    attempt 3                   =X               failed (1.0s)
                15:00:14 T+9.0s    backup[1] 4                   =====>         complete (3.0s)
                15:00:17 T+12.0s [broken]                              =X..     failed (1.0s)
                15:00:19 T+14.0s   attempt 2                               =X   failed (1.0s)

                Finalizers (sequential)
                15:00:20 T+15.0s [clean]                                     =X failed (1.0s)

                """), "\(text)")
        for line in text.split(separator: "\n") { #expect(line.count <= 80) }
    }

    @Test("while a step rests its row is dotted up to now")
    func restingTimeline() {
        let record = AttemptSample.record(until: 2)
        let text = Timeline(record, at: SampleRun.second(2), columns: 80, isAlive: true).text
        let row = text.split(separator: "\n").first { $0.contains("[api]") } ?? ""
        #expect(row.contains("=X......") && row.hasSuffix(". failed (1.0s)"), "\(text)")
    }

    @Test("of very many attempts the first and the last are drawn")
    func manyAttempts() {
        var events: [(Double, RunEvent.Kind)] = []
        for attempt in 1...30 {
            let time = Double(attempt)
            events += SampleRun.launch(0, at: time, attempt: attempt)
            events += [
                (time + 0.5, .attemptFailed(step: 0, AttemptSample.failure(75, isBusy: true))),
                (
                    time + 0.5,
                    .retryScheduled(
                        step: 0, attempt: attempt + 1, method: .primary, delayMilliseconds: 500)
                ),
            ]
        }
        let record = SampleRun.record(AttemptSample.header, events)
        let text = Timeline(record, at: SampleRun.second(31), columns: 80, isAlive: true).text
        #expect(text.contains("  … 22 more attempts\n"))
        #expect(text.contains("  attempt 30") && !text.contains("attempt 23 "))
    }

    @Test("`status` tells by which detour a step went well, and which attempt failed")
    func status() {
        let text = StatusText(AttemptSample.record(), at: .zero, isAlive: false).text
        #expect(
            text.contains(
                "  api     complete     3.0s  by backup[1], after 2 failed attempts and 1 busy one\n"
            ), "\(text)")
        #expect(text.contains("  broken  failed       1.0s  exit code 9, attempt 2 of 2\n"))
        #expect(text.contains("\nfinalizers\n  clean   failed       1.0s  exit code 4\n"))
    }

    @Test(
        "a step that rests, is busy or is checked says so in `status` and in the snapshot",
        arguments: [
            (1.5, "retry in 2s (attempt 2 of 3)", "exit code 1"),
            (5, "busy, again in 3s (attempt 3 of 4)", "limit of db now 2 of 3"),
            (10, "backup[1]", "attempt 4 of 4"), (11, "checks", "by backup[1]"),
        ] as [(Double, String, String)])
    func pauses(time: Double, text: String, more: String) {
        let record = AttemptSample.record(until: time)
        let now = SampleRun.second(time)
        let status = StatusText(record, at: now, isAlive: true).text
        #expect(status.contains(text) && status.contains(more), "\(status)")
        let snapshot = RunSnapshot(
            record, at: now, surroundings: SampleRun.surroundings(), style: .plain
        ).text
        #expect(snapshot.contains(text), "\(snapshot)")
    }

    @Test("a run that waits for a decision says so, and in which mode it is")
    func review() {
        let record = SampleRun.record(
            AttemptSample.header,
            SampleRun.launch(0, at: 0) + [
                (1, .attemptFailed(step: 0, AttemptSample.failure(1))),
                (1, .modeChanged(.collaborative)), (1, .reviewWanted(step: 0)),
            ])
        let text = StatusText(record, at: SampleRun.second(2), isAlive: true).text
        #expect(text.contains("waits for a decision, exit code 1"), "\(text)")
        #expect(text.contains("\nmode: collaborative\n"))
    }
}
