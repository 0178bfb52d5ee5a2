import Execution
import Reporting
import Testing

@Suite("RunSummary")
struct RunSummaryTests {
    @Test("failed steps come last, with reason, tail of the log, its path and what to type next")
    func golden() {
        let log = Array("one\n\u{1B}[2Jtwo\u{7}\nthree\n".utf8)
        let text = RunSummary(
            SampleRun.broken, surroundings: SampleRun.surroundings(log: log),
            options: ["-f", "my flow.toml"], tailLines: 2
        ).text
        #expect(
            text == """
                aborted: api_docs (halted by critical failure of `graph`)
                skipped 2 steps: report and validate (a dependency did not end well)

                FAILED graph after 2.0s: exit code 7
                  | two
                  | three
                  log: .stepvisor/runs/run-1/logs/1.log
                  run it again: stepvisor run -f 'my flow.toml' --only graph

                failed: 1 complete, 2 skipped, 1 aborted, 1 failed of 5 steps in 3.0s
                go on: stepvisor run -f 'my flow.toml' --resume

                """)
    }

    @Test("a run that went well is one line, with the time that parallel saved")
    func complete() {
        let text = RunSummary(SampleRun.whole, surroundings: SampleRun.surroundings()).text
        #expect(
            text == """
                complete: 5 complete of 5 steps in 2m10s; parallel saved up to 1m15s of 3m25s (37%)

                """)
    }

    @Test("a sequential run claims no saving")
    func sequential() {
        let record = SampleRun.record(
            events: SampleRun.launch(0, at: 0) + [
                SampleRun.complete(0, at: 1), (2, .warning(step: nil, "w")),
                (2, .runEnded(.complete)),
            ])
        let text = RunSummary(record, surroundings: SampleRun.surroundings()).text
        #expect(text == "complete: 1 complete, 4 pending of 5 steps in 2.0s; 1 warning\n")
    }

    @Test("a run in which no step had to run says that there is nothing to do")
    func nothing() {
        let cached = (0..<5).map { step in
            (0.1, RunEvent.Kind.ended(step: step, StepEnd(status: .cached)))
        }
        let record = SampleRun.record(events: cached + [(0.1, .runEnded(.complete))])
        let text = RunSummary(record, surroundings: SampleRun.surroundings()).text
        #expect(text == "nothing to do: no step of 5 steps had to run (5 cached)\n")
    }

    /// A run of one of five steps.
    private static let narrowed = SampleRun.record(
        events: (1..<5).map { (0, .skipped(step: $0, .notSelected)) }
            + SampleRun.launch(0, at: 0) + [
                SampleRun.complete(0, at: 1), (1, .runEnded(.complete)),
            ]
    )

    @Test("steps that the command line left out are counted apart, and named only when asked for")
    func leftOut() {
        let surroundings = SampleRun.surroundings()
        let brief = RunSummary(Self.narrowed, surroundings: surroundings).text
        #expect(brief == "complete: 1 complete of 1 step in 1.0s; 4 steps left out\n")
        let full = RunSummary(Self.narrowed, surroundings: surroundings, namesLeftOut: true).text
        #expect(full.hasPrefix("skipped 4 steps: ") && full.hasSuffix("\n" + brief))
        #expect(full.contains("(left out by the command line)"))
    }

    @Test("a run of which every step was left out has nothing to do")
    func allLeftOut() {
        let record = SampleRun.record(
            events: (0..<5).map { (0, .skipped(step: $0, .notSelected)) }
                + [(0, .runEnded(.complete))])
        let text = RunSummary(record, surroundings: SampleRun.surroundings()).text
        #expect(text == "nothing to do; 5 steps left out\n")
    }

    @Test("a step that never started shows no log")
    func notStarted() {
        let record = SampleRun.record(
            events: [
                (0, .launched(step: 0, attempt: 1, method: .primary, execution: 1)),
                (
                    0,
                    .ended(
                        step: 0,
                        StepEnd(status: .failed, reason: .notStarted("`x` is not executable")))
                ),
            ])
        let text = RunSummary(
            record, surroundings: SampleRun.surroundings(log: Array("old\n".utf8))
        ).text
        #expect(text.contains("FAILED api_docs after 0ms: could not be started: `x` is not exec"))
        #expect(!text.contains("log:") && !text.contains("old"))
    }

    @Test("a log that is cut at its beginning loses the torn line, not the others")
    func tornTail() {
        let log = Array(repeating: UInt8(ascii: "x"), count: 9000) + Array("\nlast\n".utf8)
        let text = RunSummary(
            SampleRun.broken, surroundings: SampleRun.surroundings(log: log)
        ).text
        #expect(text.contains("  | last\n") && !text.contains("xxx"))
    }

    @Test("with many failures each is named, and only the last ones show their logs")
    func many() {
        let header = SampleRun.header((0..<30).map { StepHeader(id: "s\($0)") })
        let events = (0..<30).flatMap {
            SampleRun.launch($0, at: 0) + [SampleRun.fail($0, at: 1, 1)]
        }
        let text = RunSummary(
            SampleRun.record(header, events),
            surroundings: SampleRun.surroundings(log: Array("tail\n".utf8))
        ).text
        let lines = text.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("FAILED") } == 30)
        #expect(lines.count { $0 == "  | tail" } == 20)
        #expect(lines.last?.hasPrefix("running: 30 failed of 30 steps") == true)
    }

    @Test("aborted and skipped steps with one reason are two lines")
    func groups() {
        let record = SampleRun.record(
            events: SampleRun.launch(0, at: 0) + [
                (1, .stopping(signal: 2)),
                (2, .ended(step: 0, StepEnd(status: .aborted, reason: .interrupted(2)))),
                (2, .skipped(step: 1, .interrupted(2))), (2, .skipped(step: 2, .interrupted(2))),
                (2, .runEnded(.aborted)),
            ])
        let text = RunSummary(record, surroundings: SampleRun.surroundings()).text
        #expect(
            text == """
                aborted: api_docs (interrupted by SIGINT)
                skipped 2 steps: graph and coverage (interrupted by SIGINT)
                aborted by SIGINT: 2 pending, 2 skipped, 1 aborted of 5 steps in 2.0s
                go on: stepvisor run --resume

                """)
    }
}
