import Execution
import Reporting
import Testing

@Suite("StatusText")
struct StatusTextTests {
    @Test("a run that goes on shows what runs, and what the others wait for")
    func running() {
        let record = SampleRun.record(
            events: SampleRun.launch(0, at: 0) + SampleRun.launch(1, at: 0.1) + [
                SampleRun.complete(1, at: 12.5),
                (13, .waiting(step: 2, holder: LockHolder(resource: "api", step: "other"))),
            ])
        let text = StatusText(record, at: SampleRun.second(65), isAlive: true).text
        #expect(
            text == """
                run run-1: running (parallel, at most 3 at once)
                analysis, started 2025-11-02T15:00:05.000Z, running for 1m05s

                phase 1
                  api_docs  running     1m05s
                  graph     complete    12.4s
                  coverage  pending            waits: `api` is held by step `other`

                phase 2
                  report    pending            waits for `api_docs` and `coverage`

                phase 3
                  validate  pending            waits for `report`

                5 steps: 1 complete, 1 running, 3 pending

                """)
    }

    @Test("a run whose stepvisor is gone is interrupted, and what was in flight is unknown")
    func interrupted() {
        let record = SampleRun.record(events: SampleRun.launch(0, at: 1))
        let text = StatusText(record, at: SampleRun.second(900), isAlive: false).text
        #expect(text.contains("run run-1: interrupted (its stepvisor, pid 4711, is gone)"))
        #expect(text.contains("last heard of after 1.0s"))
        #expect(text.contains("api_docs  unknown       0ms  in flight when stepvisor died"))
    }

    @Test("a run with an end is not interrupted, though its stepvisor is gone")
    func ended() {
        let text = StatusText(SampleRun.whole, at: .zero, isAlive: false).text
        #expect(text.hasPrefix("run run-1: complete ("))
        #expect(text.contains("took 2m10s"))
        #expect(text.contains("5 steps: 5 complete"))
    }

    @Test("each reason stands beside its step")
    func reasons() {
        let text = StatusText(SampleRun.broken, at: .zero, isAlive: false).text
        #expect(text.contains("aborted      3.0s  halted by critical failure of `graph`"))
        #expect(text.contains("failed       2.0s  exit code 7"))
        #expect(text.contains("report    skipped            dependency `graph` failed"))
        #expect(text.contains("validate  skipped            dependency `report` was skipped"))
        #expect(text.contains("5 steps: 1 complete, 2 skipped, 1 aborted, 1 failed"))
    }

    @Test("attempts, methods, allowance and leftovers are said where they are not ordinary")
    func details() {
        let header = SampleRun.header([StepHeader(id: "a")])
        let record = SampleRun.record(
            header,
            [
                (0, .due(step: 0, [RunReason(.neverSucceeded)])),
                (0, .launched(step: 0, attempt: 3, method: .backup(1), execution: 3)),
                (1, .leftovers(step: 0, [Leftover(pid: 9, command: "x", ageMilliseconds: 1)])),
                (
                    1,
                    .ended(
                        step: 0,
                        StepEnd(status: .failed, reason: .exited(1), isAllowed: true))
                ),
                (2, .warning(step: 0, "its log shrank\u{7}")),
            ])
        let text = StatusText(record, at: SampleRun.second(2), isAlive: true).text
        #expect(
            text.contains(
                "exit code 1, which is allowed, due: never succeeded, attempt 3, by backup[1], "
                    + "1 process outlived it (x, pid 9)"))
        #expect(text.hasSuffix("warning: `a`: its log shrank\n"))
    }

    @Test("a signal that stops a run is named")
    func stopping() {
        let events: [(Double, RunEvent.Kind)] = [(1, .stopping(signal: 2))]
        let going = StatusText(SampleRun.record(events: events), at: .zero, isAlive: true).text
        #expect(going.hasPrefix("run run-1: stopping ("))
        let over = SampleRun.record(events: events + [(2, .runEnded(.aborted))])
        let text = StatusText(over, at: .zero, isAlive: false).text
        #expect(text.hasPrefix("run run-1: aborted by SIGINT ("))
    }

    @Test("phases of several tasks carry their task")
    func tasks() {
        var header = SampleRun.header([
            StepHeader(id: "1.1", task: 0), StepHeader(id: "2.1", task: 1),
        ])
        header.tasks = [
            TaskHeader(id: "1", description: ""), TaskHeader(id: "2", description: ""),
        ]
        let text = StatusText(RunRecord(header: header), at: .zero, isAlive: true).text
        #expect(text.contains("\ntask 1, phase 1\n  1.1"))
        #expect(text.contains("\ntask 2, phase 1\n  2.1"))
    }

    @Test("colours are written only when asked for, and change no letter")
    func colours() {
        let plain = StatusText(SampleRun.broken, at: .zero, isAlive: false).text
        let colored = StatusText(
            SampleRun.broken, at: .zero, isAlive: false, style: .colored
        ).text
        #expect(!plain.contains("\u{1B}"))
        #expect(colored.contains("\u{1B}[31mfailed  \u{1B}[0m"))
        let stripped = colored.split(separator: "\n", omittingEmptySubsequences: false)
            .map { Sanitizer.line(String($0)) }.joined(separator: "\n")
        #expect(stripped == plain)
    }
}
