import Execution
import Foundation
import Reporting
import Testing
import TestSupport

@Suite("Faults 34, 45, 51, 52: what is shown", .timeLimit(.minutes(20)))
struct ScreenTests {
    @Test("fault 34: a window of any size, and changes of it by the hundred, harm nothing")
    func windowChanges() throws {
        let space = try TestSpace()
        try space.workflow(
            (0..<6).map {
                TestSpace.step(
                    "step_\($0)",
                    "echo \(String(repeating: "wide ", count: 40)); echo a >> ready; until [ -e finish ]; do sleep 0.02; done"
                )
            }.joined())
        let terminal = try space.startOnTerminal(["run", "--parallel", "-j", "6"], columns: 0)
        #expect(space.waitFor("ready", lines: 6))
        #expect(terminal.waitFor("step_5\r\n"))
        // Without columns there is nothing to draw over.
        #expect(!terminal.shown.contains("\u{1B}[J"))
        var random = SeededGenerator(seed: 34)
        for _ in 0..<300 {
            terminal.resize(
                columns: Int.random(in: 0...200, using: &random),
                rows: Int.random(in: 0...60, using: &random))
            terminal.signal(SIGWINCH)
            poll(nil, 0, 2)
        }
        terminal.resize(columns: 80, rows: 24)
        #expect(terminal.waitFor("6 running"))
        try space.file("finish", "")
        let result = terminal.wait()
        #expect(result.end == .exit(0), "\(result)")
        #expect(try LatestRun(in: space).record.counts[.complete] == 6)
        Self.expectSane(result.output)
    }

    @Test("fault 34: TERM=dumb, or none, gets plain lines", arguments: ["dumb", ""])
    func dumb(type: String) throws {
        let space = try TestSpace()
        space.environment["TERM"] = type
        try space.workflow(
            TestSpace.step("a", "until [ -e finish ]; do sleep 0.02; done"))
        let terminal = try space.startOnTerminal(["run"])
        #expect(terminal.waitFor("running a"))
        try space.file("finish", "")
        let result = terminal.wait()
        #expect(result.end == .exit(0), "\(result)")
        #expect(!result.output.contains("\u{1B}"), "\(result)")
    }

    @Test("fault 45: a terminal that nobody reads stops no step; what is left out is said")
    func stalled() throws {
        let space = try TestSpace()
        // Enough to fill the terminal's buffer and what waits for it many times over.
        let line = "seq 1 1000000; echo \"$STEPVISOR_STEP\" >> done"
        try space.workflow(
            ["a", "b"].map { TestSpace.step($0, line) }.joined()
                + TestSpace.step("last", "echo last >> done", "dependencies = [\"a\", \"b\"]"))
        let terminal = try space.startOnTerminal(["run", "--parallel", "--output", "stream"])
        terminal.setReading(false)
        #expect(space.waitFor("done", lines: 3))
        terminal.setReading(true)
        let result = terminal.wait(seconds: 60)
        #expect(result.end == .exit(0), "\(result.end)")
        let run = try LatestRun(in: space)
        for id in ["a", "b"] { #expect(run.log(id).utf8.count == 6_888_896) }
        // What the reader missed lies in the logs, and is shown from there.
        #expect(result.output.components(separatedBy: "1000000\r\n").count == 3)
        #expect(result.output.utf8.count > 2 * 6_888_896)
        #expect(result.output.contains("complete"))
    }

    @Test(
        "fault 51: however a run ends, the terminal is left as it was found",
        arguments: ["normally", "failing", "INT", "INT INT", "INT INT INT", "QUIT", "TERM", "HUP"])
    func sane(ending: String) throws {
        let space = try TestSpace()
        let line = "trap '' INT TERM HUP; printf '\\033[31mred\\n'; echo a >> ready\n"
        let command =
            switch ending {
            case "normally": "printf '\\033[31mred\\n'; echo a >> ready; sleep 0.3"
            case "failing": "printf '\\033[31mred\\n'; echo a >> ready; sleep 0.3; exit 3"
            default: line + "while :; do sleep 0.02; done"
            }
        try space.workflow(TestSpace.step("a", command))
        // The terminal's own settings, before and after. A shell would end by INT as its child does,
        // before it can look.
        let shell = try space.startOnTerminal(
            program: "/bin/sh",
            [
                "-c",
                """
                stty -g > before
                awk 'BEGIN { system("echo $$ > pid; exec $STEPVISOR run --grace 1s --output stream") }'
                stty -g > after
                """,
            ])
        #expect(space.waitFor("ready") && space.waitFor("pid"))
        let pid = try #require(Int32(space.lines("pid")[0]))
        let numbers = ["INT": SIGINT, "TERM": SIGTERM, "QUIT": SIGQUIT, "HUP": SIGHUP]
        for (index, name) in ending.split(separator: " ").enumerated() {
            guard let number = numbers[String(name)] else { continue }
            kill(pid, number)
            // Signals of one kind that come together are one.
            _ = TestSpace.wait(seconds: 10) {
                space.text(".stepvisor/latest/events.ndjson")
                    .components(separatedBy: "\"terminating\"").count > min(2, index + 1)
            }
        }
        let result = shell.wait()
        Self.expectSane(result.output)
        #expect(space.text("before") == space.text("after"))
        #expect(!space.text("after").isEmpty)
        #expect(space.living.isEmpty)
    }

    @Test("fault 52: where there is no terminal, nothing moves")
    func noTerminal() throws {
        let space = try TestSpace()
        space.environment["TERM"] = "xterm-256color"
        try space.workflow(
            TestSpace.step("a", "until [ -e finish ]; do sleep 0.02; done")
                + TestSpace.step("b", "exit 3", "critical = false"))
        let command = try space.start(["run", "--parallel"])
        #expect(TestSpace.wait(seconds: 30) { command.errorSoFar.contains("running a") })
        try space.file("finish", "")
        let result = command.wait()
        #expect(result.code == 1, "\(result)")
        #expect(!result.error.contains { $0 == "\u{1B}" || $0 == "\r" || $0 == "\u{08}" })
    }

    @Test("fault 52: every 30 s of silence a line names what runs", arguments: OutputMode.allCases)
    func heartbeat(mode: OutputMode) {
        let steps = ["slow", "slower"].map { StepHeader(id: $0) }
        let header = RunHeader(
            runID: "r", workflow: "w", mode: .parallel, maxParallelSteps: 2,
            startedAt: WallTime(microseconds: 0), pid: 1, bootID: "b",
            tasks: [TaskHeader(id: "", description: "")], steps: steps)
        var record = RunRecord(header: header)
        var view = PlainView(output: mode)
        let surroundings = ViewSurroundings(
            terminalSize: nil, logTail: { _, _ in [] }, logBytes: { _, _, _ in [] },
            logPath: { "\($0)" })
        for step in 0..<2 {
            let event = RunEvent(
                .launched(step: step, attempt: 1, method: .primary, execution: step + 1), at: .zero)
            record.apply(event)
            _ = view.handle(event, record: record)
        }
        var spoken: [Int64] = []
        for half in 1...250 {
            let now = RunTime(milliseconds: Int64(half) * 500)
            let text = view.frame(at: now, record: record, surroundings: surroundings)
            if text.contains("still running: slow") { spoken.append(now.milliseconds / 1000) }
            if !text.isEmpty, mode == .none { Issue.record("`none` says \(text)") }
        }
        // The first is 30 s behind the announcement after a second; in `stream`, behind the launch.
        let first: Int64 = mode == .stream ? 30 : 31
        #expect(spoken == (mode == .none ? [] : [first, first + 30, first + 60, first + 90]))
    }

    /// The cursor is shown, colours are off, and no update is left open.
    private static func expectSane(
        _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        func last(_ part: String) -> String.Index? {
            text.range(of: part, options: .backwards)?.lowerBound
        }
        #expect(last("\u{1B}[?25l") == nil, sourceLocation: sourceLocation)
        #expect(last("\u{1B}[?1049h") == nil, sourceLocation: sourceLocation)
        if let begun = last("\u{1B}[?2026h") {
            #expect(
                last("\u{1B}[?2026l").map { $0 > begun } == true, sourceLocation: sourceLocation)
        }
        let colors = text.components(separatedBy: "\u{1B}[").dropFirst().compactMap { part in
            part.firstIndex { $0.isLetter }.flatMap { part[$0] == "m" ? part[..<$0] : nil }
        }
        #expect(
            colors.last.map { $0 == "0" || $0.isEmpty } ?? true, sourceLocation: sourceLocation)
        #expect(text.utf8.last == 0x0A, sourceLocation: sourceLocation)
    }
}
