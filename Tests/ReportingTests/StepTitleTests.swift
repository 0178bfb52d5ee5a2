import Execution
import Testing

@testable import Reporting

@Suite("What a step does stands beside an id that is a number")
struct StepTitleTests {
    private static let long = String(repeating: "all of it ", count: 20)

    private static let header = SampleRun.header([
        StepHeader(id: "1.1", description: "Extract the documentation"),
        StepHeader(id: "1.2", description: long), StepHeader(id: "lint", description: "Check"),
        StepHeader(id: "1.3"),
        StepHeader(id: "docs.4", description: "red \u{1B}[31mblue\u{202E}\n"),
    ])

    private static let record = SampleRun.record(
        header,
        SampleRun.launch(0, at: 0) + SampleRun.launch(1, at: 0) + SampleRun.launch(2, at: 0) + [
            SampleRun.complete(0, at: 1), SampleRun.complete(2, at: 1), SampleRun.fail(1, at: 2, 3),
        ])

    @Test("only of ids whose last part is a number, harmless, and in so many columns")
    func title() {
        let record = Self.record
        #expect(record.shownTitle(of: 0) == "1.1 Extract the documentation")
        #expect(record.shownTitle(of: 0, columns: 15) == "1.1 Extract th…")
        #expect(record.shownTitle(of: 0, columns: 9) == "1.1")
        #expect(TextWidth.columns(of: record.shownTitle(of: 1)) == 3 + 1 + StepTitle.maxColumns)
        #expect(record.shownTitle(of: 2) == "lint")
        #expect(record.shownTitle(of: 3) == "1.3")
        #expect(record.shownTitle(of: 4) == "docs.4 red blue ")
        for id in ["", "v1", "1.a", "1.", "٣"] { #expect(!StepTitle.isNumber(id), "\(id)") }
        for id in ["7", "1.2.10", "part.1"] { #expect(StepTitle.isNumber(id), "\(id)") }
    }

    @Test(
        "in the run's lines, which it does not make wrap, and in the failure",
        arguments: [50, 80, 200])
    func lines(columns: Int) {
        var run = ScriptedRun(
            [], view: PlainView(), size: (columns: columns, rows: 24), header: Self.header)
        _ = run.frame(at: 0)
        run.at(0, .launched(step: 0, attempt: 1, method: .primary, execution: 1))
        run.at(0, .launched(step: 1, attempt: 1, method: .primary, execution: 2))
        let good = run.at(300, .ended(step: 0, StepEnd(status: .complete)))
        #expect(good.contains("ok      1.1 Extract the"), "\(good)")
        #expect(good.count <= columns)
        let bad = run.at(400, .ended(step: 1, StepEnd(status: .failed, reason: .exited(3))))
        #expect(bad.contains("FAILED  1.2 all of it"), "\(bad)")
        #expect(bad.count <= columns && bad.contains("exit code 3"))
        let summary = RunSummary(Self.record, surroundings: SampleRun.surroundings()).text
        #expect(summary.contains("FAILED 1.2 all of it all"), "\(summary)")
        #expect(summary.contains("--only 1.2\n"))
    }

    @Test("in status and timeline, whose columns stay in their places", arguments: [40, 60, 100])
    func tables(columns: Int) {
        let status = StatusText(
            Self.record, at: SampleRun.second(3), isAlive: true, columns: columns
        ).text
        #expect(status.contains("  1.1 Extract"), "\(status)")
        let rows = status.split(separator: "\n").filter { $0.hasPrefix("  ") }
        #expect(rows.count == 5)
        let places = rows.map { row in
            row.firstRange(of: "complete") ?? row.firstRange(of: "failed")
                ?? row.firstRange(of: "pending")
        }.map { $0?.lowerBound }
        #expect(
            Set(zip(rows, places).map { row, place in place.map { row[..<$0].count } }).count == 1)
        let timeline = Timeline(
            Self.record, at: SampleRun.second(3), columns: columns, isAlive: true
        ).text
        #expect(timeline.contains("[1.1 Ext"), "\(timeline)")
    }
}
