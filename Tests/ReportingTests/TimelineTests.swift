import Execution
import Reporting
import Testing

@Suite("Timeline")
struct TimelineTests {
    @Test("bars share one scale, so that what ran at once stands above each other")
    func golden() {
        let text = Timeline(
            SampleRun.whole, at: .zero, columns: 80, isAlive: false
        ).text
        #expect(
            text == """
                Phase 1 (parallel)
                15:00:05 T+0ms   [api_docs] ===============>                    complete (1m00s)
                15:00:05 T+0ms   [graph]    ===========>                        complete (45.0s)
                15:00:05 T+0ms   [coverage] =======>                            complete (30.0s)

                Phase 2 (sequential)
                15:01:05 T+1m00s [report]                   =============>      complete (50.0s)

                Phase 3 (sequential)
                15:01:55 T+1m50s [validate]                               ====> complete (20.0s)

                wall 2m10s, sum of steps 3m25s, saved up to 1m15s (37%), most at once 3
                longest chain 2m10s: api_docs → report → validate

                """)
    }

    @Test("failed, aborted, running and lost steps end in their own marks")
    func marks() {
        let broken = Timeline(SampleRun.broken, at: .zero, columns: 80, isAlive: false).text
        #expect(broken.contains("=X"))
        #expect(broken.contains("failed (2.0s)"))
        #expect(broken.contains("=! aborted (3.0s)"))
        #expect(broken.contains("skipped: [report]"))

        let record = SampleRun.record(events: SampleRun.launch(0, at: 0))
        let going = Timeline(record, at: SampleRun.second(5), columns: 80, isAlive: true).text
        #expect(going.contains("=~ running (5.0s)"))
        #expect(going.contains("pending: [graph] and [coverage]"))
        let lost = Timeline(record, at: SampleRun.second(5), columns: 80, isAlive: false).text
        #expect(lost.contains("? ") && lost.contains("unknown (0ms)"))
    }

    @Test("no line is wider than the terminal, down to 60 columns", arguments: [60, 80, 133, 500])
    func width(columns: Int) {
        let text = Timeline(SampleRun.whole, at: .zero, columns: columns, isAlive: false).text
        for line in text.split(separator: "\n") where line.contains("[") {
            #expect(line.count <= columns)
        }
    }

    @Test("the longest chain counts what runs up to now")
    func runningChain() {
        let record = SampleRun.record(
            events: SampleRun.launch(0, at: 0) + [SampleRun.complete(0, at: 1)]
                + SampleRun.launch(1, at: 0))
        #expect(record.criticalPath(at: SampleRun.second(3)).steps.first == 1)
        #expect(record.criticalPath(at: SampleRun.second(3)).duration == 3_000_000_000)
    }

    @Test("steps outside of tasks are called so")
    func outsideOfTasks() {
        var header = SampleRun.header([StepHeader(id: "a"), StepHeader(id: "b", task: 1)])
        header.tasks = [
            TaskHeader(id: "", description: ""), TaskHeader(id: "build", description: ""),
        ]
        let record = SampleRun.record(header, [])
        let timeline = Timeline(record, at: .zero, columns: 80, isAlive: true).text
        #expect(timeline.contains("Steps outside of tasks, phase 1\n"))
        #expect(timeline.contains("Task build, phase 1\n"))
        let status = StatusText(record, at: .zero, isAlive: true).text
        #expect(status.contains("\nsteps outside of tasks, phase 1\n  a"))
    }

    @Test("a terminal without columns, and a run without steps, are shown all the same")
    func degenerate() {
        let whole = Timeline(SampleRun.whole, at: .zero, columns: 80, isAlive: false).text
        for columns in [0, -1, Int.min] {
            let text = Timeline(SampleRun.whole, at: .zero, columns: columns, isAlive: false).text
            #expect(text == whole)
        }
        let narrow = Timeline(SampleRun.whole, at: .zero, columns: 1, isAlive: false).text
        #expect(narrow.contains("[api_docs]"))
        let empty = RunRecord(header: SampleRun.header([]))
        #expect(
            Timeline(empty, at: .zero, columns: 80, isAlive: true).text
                == "wall 0ms, sum of steps 0ms, most at once 0\n")
    }

    @Test("steps of one phase that ran one after another are not called parallel")
    func sequentialPhase() {
        let record = SampleRun.record(
            events: SampleRun.launch(0, at: 0) + [SampleRun.complete(0, at: 1)]
                + SampleRun.launch(1, at: 1) + [SampleRun.complete(1, at: 2)])
        let text = Timeline(record, at: SampleRun.second(2), columns: 80, isAlive: true).text
        #expect(text.hasPrefix("Phase 1 (sequential)\n"))
    }

    @Test("times at the edge of what numbers hold do not trap")
    func extremes() {
        var record = RunRecord(header: SampleRun.header())
        for (step, time) in [(0, Int64.min), (1, Int64.max), (2, 0)] {
            record.apply(
                RunEvent(
                    .launched(step: step, attempt: 1, method: .primary, execution: 1),
                    at: RunTime(nanoseconds: time)))
        }
        for alive in [true, false] {
            let text = Timeline(
                record, at: RunTime(nanoseconds: .max), columns: 80, isAlive: alive
            ).text
            #expect(text.contains("[coverage]"))
        }
    }
}
