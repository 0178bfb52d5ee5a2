import Execution
import Reporting
import Testing

@Suite("Views of a run that skips what is up to date")
struct UpToDateViewTests {
    private typealias Event = (Double, RunEvent.Kind)

    private static func upToDate(_ step: Int) -> Event {
        (0, .skipped(step: step, .upToDate(run: "r1")))
    }

    private static let causes = [
        RunReason(.inputsChanged, [.init("docs/a\u{7}.md", change: "edited")])
    ]

    /// The first two steps ran, for the first it is told why; one was put in place, two were skipped.
    private static var events: [Event] {
        [upToDate(3), upToDate(4), (0, .due(step: 0, causes))]
            + SampleRun.launch(0, at: 0) + SampleRun.launch(1, at: 0) + [
                (1, .ended(step: 2, StepEnd(status: .cached, reason: .restored(run: "r7")))),
                SampleRun.complete(0, at: 2), SampleRun.complete(1, at: 2),
                (2, .runEnded(.complete)),
            ]
    }

    private static func summary(
        _ record: RunRecord, usual: Int64? = nil, namesLeftOut: Bool = false
    ) -> String {
        var surroundings = SampleRun.surroundings()
        surroundings.usualTime = { _ in usual }
        return RunSummary(record, surroundings: surroundings, namesLeftOut: namesLeftOut).text
    }

    @Test("the totals count steps that did not have to run, and what those usually take")
    func totals() {
        let record = SampleRun.record(events: Self.events)
        #expect(
            Self.summary(record).hasPrefix(
                "complete: 2 complete, 1 cached, 2 up to date of 5 steps in 2.0s"))
        #expect(
            Self.summary(record, usual: 60_000_000_000).hasPrefix(
                "complete: 2 complete, 1 cached, 2 up to date (usually taking 3m00s) of 5 steps in 2.0s"
            ))
    }

    @Test("nothing to do is said in a line, of one step too")
    func nothing() {
        let record = SampleRun.record(
            events: (0..<5).map { Self.upToDate($0) } + [(0, .runEnded(.complete))])
        #expect(Self.summary(record) == "nothing to do: all 5 steps are up to date\n")
        #expect(
            Self.summary(record, namesLeftOut: true).contains("(up to date since run r1)\n"))
        let some = SampleRun.record(
            events: (0..<4).map { Self.upToDate($0) } + [
                (0, .ended(step: 4, StepEnd(status: .cached, reason: .restored(run: "r")))),
                (0, .runEnded(.complete)),
            ])
        #expect(
            Self.summary(some)
                == "nothing to do: no step of 5 steps had to run (1 cached, 4 up to date)\n")
    }

    @Test("a failure leaves nothing undone for steps that are up to date")
    func further() {
        let record = SampleRun.record(
            events: (1..<5).map { Self.upToDate($0) } + SampleRun.launch(0, at: 0) + [
                SampleRun.fail(0, at: 1, 7), (1, .runEnded(.failed)),
            ])
        #expect(!Self.summary(record).contains("go on:"))
        #expect(Self.summary(record).contains("failed: 1 failed, 4 up to date"))
    }

    @Test("lines tell why a step ran, once and harmlessly, and whence one was put in place")
    func lines() {
        var view = PlainView()
        let header = SampleRun.header()
        var record = RunRecord(header: header)
        var text = ""
        for (time, kind) in Self.events {
            let event = RunEvent(kind, at: RunTime(nanoseconds: Int64(time * 1e9)))
            record.apply(event)
            text += view.handle(event, record: record)
        }
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == 3, "\(lines)")
        #expect(lines[0].contains("cached") && lines[0].hasSuffix(": restored from run r7"))
        #expect(lines[1].contains("(2.0s): inputs changed: docs/a"))
        #expect(lines[1].hasSuffix(".md (edited)"))
        #expect(!lines[1].contains("\u{7}"))
        #expect(lines[2].hasSuffix("(2.0s)"))
    }

    @Test("a step that was announced with its cause says it no more at its end")
    func announced() {
        var view = PlainView()
        var record = RunRecord(header: SampleRun.header())
        let surroundings = SampleRun.surroundings()
        var text = ""
        func time(_ seconds: Double) -> RunTime { RunTime(nanoseconds: Int64(seconds * 1e9)) }
        let begin: [Event] = [(0, .due(step: 0, Self.causes))] + SampleRun.launch(0, at: 0)
        for (moment, kind) in begin {
            let event = RunEvent(kind, at: time(moment))
            record.apply(event)
            text += view.handle(event, record: record)
        }
        text += view.frame(at: time(1.5), record: record, surroundings: surroundings)
        let (moment, kind) = SampleRun.complete(0, at: 2)
        let event = RunEvent(kind, at: time(moment))
        record.apply(event)
        text += view.handle(event, record: record)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2, "\(lines)")
        #expect(lines[0].contains("running") && lines[0].contains("inputs changed"))
        #expect(lines[1].hasSuffix("(2.0s)"))
    }

    @Test("status counts and names them, the timeline too")
    func tables() {
        let record = SampleRun.record(events: Self.events)
        let status = StatusText(record, at: .zero, isAlive: false).text
        #expect(status.contains("up to date since run r1"))
        #expect(status.contains("restored from run r7"))
        #expect(status.contains("5 steps: 2 complete, 1 cached, 2 up to date"))
        let timeline = Timeline(record, at: .zero, columns: 80, isAlive: false).text
        #expect(timeline.contains("up to date: ["))
    }
}
