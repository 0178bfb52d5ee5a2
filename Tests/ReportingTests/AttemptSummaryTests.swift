import Execution
import Testing

@testable import Reporting

@Suite("Attempts and decisions in the summary")
struct AttemptSummaryTests {
    private static func summary(_ record: RunRecord, options: [String] = []) -> String {
        RunSummary(record, surroundings: SampleRun.surroundings(), options: options).text
    }

    @Test("detours and limits are noted, and each failure tells its attempts")
    func golden() {
        #expect(
            Self.summary(AttemptSample.record()) == """
                complete api by backup[1], after 2 failed attempts and 1 busy one
                throttled `db` once: api (busy once, waited 4.0s); down to 2 at once, at the end 3

                FAILED broken after 1.0s: exit code 9, attempt 2 of 2
                  attempt 1, primary, 1.0s: exit code 9; then waited 1.0s
                  attempt 2, primary, 1.0s: exit code 9
                  log: .stepvisor/runs/run-1/logs/1.log
                  run it again: stepvisor run --only broken

                FAILED clean (always runs) after 1.0s: exit code 4
                  log: .stepvisor/runs/run-1/logs/2.log
                  run it again: stepvisor run --only clean

                failed: 1 complete, 2 failed of 3 steps in 16.0s

                """)
    }

    /// Failures that a person is to decide about, in a run that has stopped for it.
    private static func stopped(_ steps: [Int]) -> RunRecord {
        var events: [(Double, RunEvent.Kind)] = []
        for step in steps {
            events += SampleRun.launch(step, at: 0)
            events += [
                (1, .attemptFailed(step: step, AttemptSample.failure(7))),
                (1, .reviewWanted(step: step)), SampleRun.fail(step, at: 1, 7),
            ]
        }
        events += [(2, .skipped(step: 4, .awaitsReview(of: 0))), (2, .runEnded(.review))]
        return SampleRun.record(events: events)
    }

    @Test("a run that stopped for a decision says what to type for each")
    func decisions() {
        let text = Self.summary(Self.stopped([0]), options: ["-f", "my flow.toml"])
        #expect(
            text.contains(
                """

                decide about api_docs with one of these:
                  stepvisor run -f 'my flow.toml' --resume --decide api_docs=retry     # runs again
                  stepvisor run -f 'my flow.toml' --resume --decide api_docs=skip      \
                # counts as skipped, what depends on it runs
                  stepvisor run -f 'my flow.toml' --resume --decide api_docs=continue  \
                # stays failed, what depends on it runs, exit 1
                  stepvisor run -f 'my flow.toml' --resume --decide api_docs=halt      \
                # stays failed, nothing more runs, exit 1

                review:
                """), "\(text)")
        #expect(
            text.contains("skipped: validate (the run stopped for a decision about `api_docs`)"))
    }

    @Test("several decisions are one command, each by itself")
    func severalDecisions() {
        let text = Self.summary(Self.stopped([0, 1]))
        #expect(
            text.contains(
                """
                decide about api_docs and graph, each by itself:
                  stepvisor run --resume --decide api_docs=retry --decide graph=retry
                  instead of retry (runs again) also skip (
                """), "\(text)")
    }

    @Test("decisions that were made, a changed mode and a breaker are noted")
    func made() {
        let record = SampleRun.record(
            events: SampleRun.launch(0, at: 0) + [
                (1, .attemptFailed(step: 0, AttemptSample.failure(7))),
                (1, .breakerChanged(resource: "db", .open, step: 0)),
                (1, .modeChanged(.collaborative)), (1, .reviewWanted(step: 0)),
                (2, .decided(step: 0, .retry)),
            ] + SampleRun.launch(0, at: 2, attempt: 2) + [
                (3, .attemptFailed(step: 0, AttemptSample.failure(8))), (3, .reviewWanted(step: 0)),
                (4, .decided(step: 0, .proceed)), SampleRun.fail(0, at: 4, 8),
                (5, .runEnded(.failed)),
            ])
        let text = Self.summary(record)
        #expect(text.contains("decided: `api_docs`: retry, then continue\n"), "\(text)")
        #expect(text.contains("mode: collaborative from T+1.0s on\n"))
        #expect(text.contains("breaker of `db` opened once, open at the end\n"))
        #expect(text.contains("  attempt 1, primary, 1.0s: exit code 7\n"))
        #expect(!text.contains("decide about"))
        let asking = SampleRun.record(
            events: [(0, .modeChanged(.collaborative))] + SampleRun.launch(0, at: 1)
                + [SampleRun.complete(0, at: 2), (2, .runEnded(.complete))])
        #expect(!Self.summary(asking).contains("mode:"))
    }

    @Test("of very many attempts the first and the last are told")
    func manyAttempts() {
        var events: [(Double, RunEvent.Kind)] = []
        for attempt in 1...20 {
            events += SampleRun.launch(0, at: Double(attempt), attempt: attempt)
            events.append(
                (Double(attempt) + 0.5, .attemptFailed(step: 0, AttemptSample.failure(75))))
        }
        events += SampleRun.launch(0, at: 21, attempt: 21) + [SampleRun.fail(0, at: 22, 1)]
        let text = Self.summary(SampleRun.record(events: events))
        #expect(text.contains("attempt 3, primary, 0.5s: exit code 75\n  … 13 more attempts\n"))
        #expect(text.contains("  attempt 21, primary, 1.0s: exit code 1\n"))
    }

    @Test("a condition that did not hold is told with the values that it saw")
    func condition() {
        let reason = StepReason.conditionFalse("steps.a.n < 3", values: "steps.a.n = 7")
        let record = SampleRun.record(
            events: [(1, .skipped(step: 0, reason)), (1, .runEnded(.complete))])
        #expect(
            Self.summary(record).contains(
                "skipped: api_docs (its condition does not hold: steps.a.n < 3 (steps.a.n = 7))\n"))
    }
}
