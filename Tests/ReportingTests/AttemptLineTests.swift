import Execution
import Testing

@testable import Reporting

@Suite("Attempts while a run goes on")
struct AttemptLineTests {
    /// The lines that a plain view says about the events of the sample.
    @Test("a line says what failed and what follows, and how a step came to its end")
    func lines() {
        var view = PlainView()
        var record = RunRecord(header: AttemptSample.header)
        var text = ""
        for (time, kind) in AttemptSample.events {
            let event = RunEvent(kind, at: SampleRun.second(time))
            record.apply(event)
            text += view.handle(event, record: record)
        }
        #expect(
            text == """
                [0/3] retry   api (1.0s): exit code 1; attempt 2 of 3 in 2.0s
                [0/3] busy: `api`; at most 2 at once of `db`, next start in 4.0s
                [0/3] busy    api (1.0s): exit code 75; attempt 3 of 4 in 4.0s
                [0/3] retry   api (1.0s): exit code 3; backup[1], attempt 4 of 4
                [1/3] ok      api (3.0s): by backup[1], after 2 failed attempts and 1 busy one
                [1/3] not busy for a while: at most 3 at once of `db`
                [1/3] retry   broken (1.0s): exit code 9; attempt 2 of 2 in 1.0s
                [2/3] FAILED  broken (1.0s): exit code 9 (attempt 2 of 2)
                [2/3] steps that always run begin
                [3/3] FAILED  clean (1.0s): exit code 4

                """)
    }

    @Test("a question says why, and a step that never started why it did not")
    func questions() {
        var run = ScriptedRun(["a", "b"], view: PlainView())
        run.begin()
        run.launch(0, at: 0)
        #expect(run.at(500, .attemptFailed(step: 0, AttemptSample.failure(3))) == "")
        #expect(
            run.at(500, .reviewWanted(step: 0))
                == "[0/2] review  a (0.5s): exit code 3; decision wanted\n")
        run.launch(1, at: 510)
        run.end(1, at: 520, code: 1)
        #expect(
            run.at(530, .reviewWanted(step: 1)) == "[1/2] review  b: decision wanted\n")
        run = ScriptedRun(["a", "b"], view: PlainView())
        run.begin()
        let failure = AttemptFailure(reason: .notStarted("no such file"))
        run.at(600, .attemptFailed(step: 1, failure))
        #expect(
            run.at(600, .reviewWanted(step: 1))
                == "[0/2] review  b: could not be started: no such file; decision wanted\n")
    }

    @Test("the live region counts down rests, names attempts and checks, and what is slowed down")
    func region() {
        let cases: [(Int64, [String])] = [
            (
                1200,
                [
                    "  api  retry in 2s (attempt 2 of 3)",
                    "[                        ] 0/3  0 running, 1 waiting  1s",
                ]
            ),
            (
                4000,
                [
                    "  api  busy, again in 4s (attempt 3 of 4)",
                    "[               ] 0/3  0 running, 1 waiting  4s  limit of db now 2 of 3",
                ]
            ),
            (
                10_000,
                [
                    "  api    1s  backup[1], attempt 4 of 4  working",
                    "[               ] 0/3  1 running  10s  limit of db now 2 of 3",
                ]
            ),
            (
                11_500,
                [
                    "  api    2s  backup[1], attempt 4 of 4, checks  working",
                    "[               ] 0/3  1 running  11s  limit of db now 2 of 3",
                ]
            ),
        ]
        for (time, rows) in cases {
            var run = ScriptedRun(
                ["api"], view: LiveView(style: .plain), size: (80, 24),
                header: AttemptSample.header)
            run.logs.append("working\n", to: 0)
            for (second, kind) in AttemptSample.events where second * 1000 <= Double(time) {
                run.at(Int64(second * 1000), kind)
            }
            var screen = Screen(columns: 80)
            screen.show(run.frame(at: time))
            #expect(Array(screen.rows.suffix(2)) == rows, "\(time)")
            #expect(screen.wraps == 0 && screen.strange.isEmpty)
        }
    }

    @Test("a step that waits for a decision has its line until it is made")
    func decision() {
        var run = ScriptedRun(["a", "b"], view: LiveView(style: .plain), size: (80, 24))
        run.begin()
        run.launch(0, at: 0)
        run.at(500, .attemptFailed(step: 0, AttemptSample.failure(3)))
        run.at(500, .reviewWanted(step: 0))
        #expect(run.frame(at: 600).contains("  a  waits for a decision"))
        run.at(700, .decided(step: 0, .skip))
        run.at(700, .skipped(step: 0, .decided(.skip)))
        #expect(!run.frame(at: 800).contains("waits for a decision"))
    }
}
