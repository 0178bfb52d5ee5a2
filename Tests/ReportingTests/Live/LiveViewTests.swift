import Execution
import Testing
import TestSupport

@testable import Reporting

@Suite("LiveView")
struct LiveViewTests {
    typealias Run = ScriptedRun<LiveView>

    @Test("what runs stands at the bottom, what has ended scrolls above, the summary ends it")
    func story() {
        var run = Run(
            ["lint", "unit_tests", "migrate", "deploy"], view: LiveView(style: .plain),
            size: (80, 24))
        var screen = Screen(columns: 80)
        screen.show(run.begin() + run.launch(0, at: 0) + run.launch(1, at: 0))
        run.logs.append("Compiling a\nCompiling \u{1B}[31mb\u{1B}[0m\n", to: 1)
        let holder = LockHolder(resource: "database", pid: 77, step: "load")
        run.at(500, .waiting(step: 2, holder: holder))
        screen.show(run.frame(at: 2_000))
        #expect(
            screen.rows == [
                "demo: 4 steps, parallel, at most 2 at once (run r1)",
                "[0/4] waiting migrate: `database` is held by step `load` (pid 77)",
                "  lint          2s",
                "  unit_tests    2s  Compiling b",
                "  migrate     waits: `database` is held by step `load` (pid 77)",
                "[                        ] 0/4  2 running, 1 waiting  2s",
            ])
        screen.show(run.end(0, at: 61_000, code: 3) + run.frame(at: 62_000))
        #expect(
            screen.rows.dropFirst(2) == [
                "[1/4] FAILED  lint (1m01s): exit code 3",
                "  unit_tests 1m02s  Compiling b",
                "  migrate     waits: `database` is held by step `load` (pid 77)",
                "[======                  ] 1/4  1 running, 1 waiting, 1 failed  1m02s",
            ])
        #expect(screen.wraps == 0)
        screen.show(run.end(1, at: 63_000) + run.finish(at: 63_000, .failed))
        #expect(
            screen.rows.dropFirst(2).prefix(5) == [
                "[1/4] FAILED  lint (1m01s): exit code 3", "[2/4] ok      unit_tests (1m03s)",
                "", "FAILED lint after 1m01s: exit code 3", "  log: logs/0.log",
            ])
        #expect(screen.strange.isEmpty)
    }

    @Test("a frame that equals the one before is no text")
    func changes() {
        var run = Run(["a", "b"], view: LiveView(style: .plain), size: (80, 24))
        run.begin()
        run.launch(0, at: 0)
        run.launch(1, at: 0)
        #expect(run.frame(at: 100).contains("2 running"))
        #expect(run.frame(at: 200) == "")
        run.logs.append("news\n", to: 1)
        let text = run.frame(at: 300)
        #expect(text.contains("news"))
        #expect(text.hasPrefix("\u{1B}[?2026h") && text.hasSuffix("\u{1B}[?2026l"))
        #expect(run.frame(at: 999) == "")
        #expect(run.frame(at: 1_000).contains("1s"))
    }

    @Test("more steps than rows are counted instead of shown")
    func crowded() {
        var run = Run(
            (0..<30).map { "s\($0)" }, parallel: 30, view: LiveView(style: .plain),
            size: (40, 12))
        run.begin()
        for step in 0..<28 { run.launch(step, at: 0) }
        for step in 28..<30 { run.at(0, .waiting(step: step, holder: LockHolder(resource: "x"))) }
        var screen = Screen(columns: 40)
        screen.show(run.frame(at: 1_000))
        // A third of the rows, below the line of the run, which wraps, and two that wait.
        #expect(screen.rows.count == 4 + 4)
        #expect(screen.rows.suffix(2).first == "  +26 more running, +2 more waiting")
    }

    @Test("on a terminal that is too small, or none, it speaks as the plain view does")
    func fallback() {
        for size in [nil, (0, 0), (10, 40), (80, 4), (80, 5)] as [(columns: Int, rows: Int)?] {
            var run = Run(["a", "b"], view: LiveView(style: .plain), size: size)
            run.begin()
            run.launch(0, at: 0)
            let text = run.frame(at: 1_500) + run.frame(at: 32_000)
            #expect(text.hasSuffix("[0/2] running a\n[0/2] still running: a (32s)\n"))
            #expect(!text.contains("\u{1B}"))
        }
    }

    @Test("for a second after a resize the region is two rows, since another one may follow")
    func afterResize() {
        var run = Run(["a", "b"], view: LiveView(style: .plain), size: (80, 24))
        run.begin()
        run.launch(0, at: 0)
        run.launch(1, at: 0)
        var screen = Screen(columns: 80)
        screen.show(run.frame(at: 100))
        #expect(screen.rows.count == 1 + 3)
        run.size = (80, 30)
        screen.show(run.frame(at: 200))
        screen.show(run.frame(at: 1_100))
        #expect(screen.rows.count == 1 + 2)
        #expect(screen.rows.contains("  +2 more running"))
        screen.show(run.frame(at: 1_200))
        #expect(screen.rows.count == 1 + 3)
    }

    @Test("the cursor rests above the region, so that no terminal's wrapping has to be counted")
    func restsAbove() {
        var region = LiveRegion()
        let line = LiveRegion.Line(text: "x", columns: 1)
        var screen = Screen(columns: 80)
        screen.show(region.draw([line, line], below: "one\n", size: (80, 24)))
        screen.show(region.draw([line], below: "two\n", size: (80, 24)))
        #expect(screen.rows == ["one", "two", "x"])
        // The same lines on another size are drawn anew.
        #expect(region.draw([line], below: "", size: (80, 24)) == "")
        screen.show(region.draw([line], below: "", size: (80, 30)))
        screen.show(region.erase() + "three\n")
        #expect(screen.rows == ["one", "two", "three"])
        #expect(region.erase() == "")
    }

    @Test("whatever ids and logs hold, no line of the region wraps, and the screen is left clean")
    func neverWraps() {
        var random = SeededGenerator(seed: 11)
        for round in 0..<300 {
            let size = (
                Int.random(in: 20...100, using: &random), Int.random(in: 6...40, using: &random)
            )
            let ids = (0..<8).map { _ in random.hostileText() }
            var run = Run(ids, view: LiveView(style: Style(isOn: round % 2 == 0)), size: size)
            var screen = Screen(columns: size.0)
            run.begin()
            for step in 0..<6 { run.launch(step, at: 0) }
            let holder = LockHolder(resource: random.hostileText(), step: random.hostileText())
            for step in 6..<8 { run.at(0, .waiting(step: step, holder: holder)) }
            screen.show(run.frame(at: 0))
            // The lines that scroll may wrap.
            let (wraps, rows) = (screen.wraps, screen.rows.count)
            for time in 1..<5 {
                for step in 0..<6 { run.logs.append(random.hostileText() + "\n", to: step) }
                screen.show(run.frame(at: Int64(time) * 1000))
            }
            #expect(screen.wraps == wraps, "\(ids)")
            #expect(screen.strange.isEmpty, "\(ids)")
            #expect(screen.rows.count == rows, "\(ids)")
            #expect((screen.colors > 0) == (round % 2 == 0))
        }
    }

    @Test("the last line of a log is the last that shows something")
    func lastLine() {
        #expect(LiveView.lastLine(of: Array("a\n  b\n\n \u{1B}[0m\n".utf8)) == "b")
        #expect(LiveView.lastLine(of: Array("10%\r20%".utf8)) == "20%")
        #expect(LiveView.lastLine(of: Array("\n\n".utf8)) == "")
        #expect(LiveView.lastLine(of: []) == "")
        // The line between two attempts is no line of the step's.
        #expect(
            LiveView.lastLine(
                of: Array("x\n--- stepvisor: attempt 2, primary (exec_002) t ---\n".utf8))
                == "x")
    }
}
