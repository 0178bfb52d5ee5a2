import Execution
import Testing
import TestSupport

@testable import Reporting

@Suite("RunSnapshot")
struct RunSnapshotTests {
    @Test("what runs has its time and last line, what waits its holder, the rest is counted")
    func story() {
        var run = ScriptedRun(
            ["build", "unit_tests", "migrate", "deploy"], view: PlainView(output: .none))
        run.begin()
        run.launch(0, at: 0)
        run.launch(1, at: 1_000)
        run.at(1_000, .waiting(step: 2, holder: LockHolder(resource: "db", pid: 7, runID: "r0")))
        run.logs.append("Compiling a\n\u{1B}[31mCompiling b\u{1B}[0m\n", to: 0)
        #expect(
            run.status(at: 62_000) == """
                now, after 1m02s: 2 running, 2 pending
                  running build      1m02s  Compiling b
                  running unit_tests 1m01s
                  waits   migrate     `db` is held by run r0 (pid 7)

                """)
    }

    @Test("a run of hundreds is said in a hundred lines, none wider than the terminal")
    func bounded() {
        var random = SeededGenerator(seed: 31)
        let ids = (0..<300).map { _ in random.hostileText() }
        var run = ScriptedRun(
            ids, parallel: 300, view: LiveView(style: .colored), size: (60, 24))
        run.begin()
        for step in 0..<150 {
            run.launch(step, at: 0)
            run.logs.append(random.hostileText() + "\n", to: step)
        }
        for step in 150..<300 {
            run.at(0, .waiting(step: step, holder: LockHolder(resource: random.hostileText())))
        }
        // The lines of events come first, and once.
        #expect(run.withdraw().contains("waiting"))
        let text = run.status(at: 5_000)
        let lines = text.split(separator: "\n")
        #expect(lines.count < 110)
        #expect(lines.last == "  and 100 more running and 100 more waiting")
        var screen = Screen(columns: 60)
        screen.show(lines.suffix(101).joined(separator: "\r\n"))
        #expect(screen.wraps == 0)
        #expect(screen.strange.isEmpty)
    }

    @Test("the live view gives the terminal back, says what runs, and draws its region again")
    func live() {
        var run = ScriptedRun(["a", "b"], view: LiveView(style: .plain), size: (80, 24))
        var screen = Screen(columns: 80)
        run.begin()
        run.launch(0, at: 0)
        screen.show(run.frame(at: 100))
        #expect(screen.rows.last?.contains("1 running") == true)
        screen.show(run.withdraw())
        #expect(screen.rows == ["demo: 2 steps, parallel, at most 2 at once (run r1)"])
        screen.show(run.withdraw())
        screen.show(run.status(at: 200))
        screen.show(run.frame(at: 300))
        #expect(
            screen.rows.dropFirst() == [
                "now, after 0s: 1 running, 1 pending", "  running a    0s", "  a    0s",
                "[                        ] 0/2  1 running  0s",
            ])
    }

    @Test("the whole screen is never erased at once: tmux would keep a copy of it")
    func eraseByLines() {
        var run = ScriptedRun(["a", "b"], view: LiveView(style: .plain), size: (80, 24))
        run.begin()
        run.launch(0, at: 0)
        var text = run.frame(at: 100)
        run.end(0, at: 200)
        text += run.frame(at: 300)
        text += run.withdraw()
        #expect(text.contains("\u{1B}[J"))
        #expect(!text.contains("A\u{1B}[J"))
    }
}
