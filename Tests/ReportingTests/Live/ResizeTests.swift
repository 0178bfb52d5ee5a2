import Execution
import Testing
import TestSupport

@testable import Reporting

@Suite("a terminal that is resized under the region")
struct ResizeTests {
    typealias Run = ScriptedRun<LiveView>

    /// Steps 0 to 3 run on and have much to say; the others begin and end.
    private static func begin(columns: Int, rows: Int) -> Run {
        var run = Run(
            (0..<60).map { "s\($0)" }, parallel: 5, view: LiveView(style: .plain),
            size: (columns, rows))
        run.begin()
        for step in 0..<4 {
            run.launch(step, at: 0)
            run.logs.append("LIVE" + String(repeating: " word", count: 60) + "\n", to: step)
        }
        return run
    }

    /// How many of the lines are of the region.
    private static func liveLines(_ terminal: ResizableTerminal) -> Int {
        terminal.lines.count { line in
            ["LIVE", "/60  ", "  +"].contains { line.contains($0) }
        }
    }

    private static func expectOnce(_ terminal: ResizableTerminal, ended: Int, _ note: Comment) {
        let ends = terminal.lines.filter { $0.contains("] ok ") }
        #expect(ends.count == ended, note)
        #expect(Set(ends).count == ended, note)
        #expect(terminal.lines.count { $0.hasPrefix("demo: 60 steps") } == 1, note)
    }

    @Test("by anything down to a third of its width, it is left with no stale and no lost line")
    func randomSizes() {
        var random = SeededGenerator(seed: 34)
        for round in 0..<1_000 {
            var terminal = ResizableTerminal(
                columns: Int.random(in: 40...120, using: &random),
                rows: Int.random(in: 5...40, using: &random))
            let before = Int.random(in: 0...50, using: &random)
            for line in 0..<before { terminal.show("before \(line)\n") }
            var run = Self.begin(columns: terminal.columns, rows: terminal.rows)
            var ended = 0
            for frame in 1..<20 {
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    terminal.resize(
                        columns: Bool.random(using: &random)
                            ? terminal.columns : Int.random(in: 40...120, using: &random),
                        rows: Bool.random(using: &random)
                            ? terminal.rows : Int.random(in: 5...40, using: &random))
                }
                run.size = (terminal.columns, terminal.rows)
                if frame % 2 == 0 {
                    run.launch(4 + ended, at: Int64(frame) * 1000)
                    run.end(4 + ended, at: Int64(frame) * 1000)
                    ended += 1
                }
                terminal.show(run.frame(at: Int64(frame) * 1000))
                let most = terminal.rows < 6 ? 0 : min(5, terminal.rows / 3)
                #expect(Self.liveLines(terminal) <= most, "\(round)")
            }
            terminal.show(run.withdraw())
            #expect(Self.liveLines(terminal) == 0, "\(round)")
            Self.expectOnce(terminal, ended: ended, "\(round)")
            #expect(terminal.lines.count { $0.hasPrefix("before ") } == before, "\(round)")
            #expect(terminal.strange.isEmpty)
        }
    }

    @Test("whatever size the view takes it to have, no line that has scrolled by is lost")
    func lateSizes() {
        var random = SeededGenerator(seed: 35)
        for round in 0..<1_000 {
            var terminal = ResizableTerminal(columns: 80, rows: 24)
            var run = Self.begin(columns: 80, rows: 24)
            var ended = 0
            for frame in 1..<20 {
                terminal.resize(
                    columns: Int.random(in: 1...200, using: &random),
                    rows: Int.random(in: 1...60, using: &random))
                if Bool.random(using: &random) { run.size = (terminal.columns, terminal.rows) }
                if frame % 2 == 0 {
                    run.launch(4 + ended, at: Int64(frame) * 1000)
                    run.end(4 + ended, at: Int64(frame) * 1000)
                    ended += 1
                }
                terminal.show(run.frame(at: Int64(frame) * 1000))
            }
            terminal.show(run.withdraw())
            Self.expectOnce(terminal, ended: ended, "\(round)")
        }
    }
}
