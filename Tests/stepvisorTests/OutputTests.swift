import TestSupport
import Testing

@Suite(
    "What a run shows goes to standard error, in the way that was asked for",
    .timeLimit(.minutes(5)))
struct OutputTests {
    private func noisy() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "good"
            command = "echo fine words"
            [[steps]]
            id = "bad"
            command = "printf 'evil \\\\033]0;title\\\\007 \\\\033[31mred\\\\n'; echo last words; exit 4"
            """)
        return space
    }

    @Test(
        "`--output` decides what is shown of the steps' own words",
        arguments: [
            ("failures", false, false), ("group", true, false), ("prefix", true, true),
            ("stream", true, false), ("none", false, false),
        ])
    func modes(mode: String, showsGood: Bool, hasPrefix: Bool) throws {
        let space = try noisy()
        let result = try space.run("--output", mode)
        #expect(result.code == 1, "\(result)")
        #expect(result.output.isEmpty)
        #expect(result.error.contains("fine words") == showsGood, "\(result)")
        let prefixed = result.error.split(separator: "\n").contains {
            $0.contains("good") && $0.contains("fine words")
        }
        #expect(prefixed == hasPrefix, "\(result)")
        // What went wrong is shown in every mode, and last.
        #expect(result.error.contains("FAILED bad"), "\(result)")
        #expect(result.error.contains("last words") == (mode != "none"), "\(result)")
        #expect(result.error.contains("exit"), "\(result)")
    }

    @Test("escape sequences of a step are never passed on")
    func neutralised() throws {
        let space = try noisy()
        for mode in ["failures", "group", "prefix", "stream"] {
            let result = try space.run("--output", mode)
            #expect(!result.error.contains("\u{1B}"), "\(mode)")
            #expect(!result.error.contains("\u{07}"), "\(mode)")
        }
        #expect(space.text(".stepvisor/latest/logs/bad.log").contains("\u{1B}"))
    }

    @Test("colours come where they are wanted, and `NO_COLOR` is heeded")
    func colours() throws {
        let space = try noisy()
        space.environment["TERM"] = "xterm"
        #expect(try !space.run("--color", "auto").error.contains("\u{1B}[3"))
        #expect(try space.run("--color", "always").error.contains("\u{1B}[3"))
        space.environment["NO_COLOR"] = "1"
        #expect(try !space.run().error.contains("\u{1B}"))
        #expect(try !space.run("--color=never").error.contains("\u{1B}"))
    }

    @Test("a reader of standard output that goes away ends the command quietly")
    func brokenPipe() throws {
        let space = try TestSpace()
        let steps = (1...3000).map { "[[steps]]\nid = \"step_\($0)\"\ncommand = \"true\"\n" }
        try space.workflow(steps.joined())
        let result = try space.shell("$STEPVISOR plan -v | head -1; echo done")
        #expect(result.output.hasSuffix("done\n"), "\(result)")
        #expect(result.error.isEmpty, "\(result)")
    }

    @Test("on a terminal a live region moves, and nothing of it stays")
    func terminal() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "echo working hard; until test -e go; do sleep 0.01; done"
            [[steps]]
            id = "b"
            command = "true"
            dependencies = ["a"]
            """)
        space.environment["TERM"] = "xterm"
        guard try space.shell("command -v script").code == 0 else { return }
        // `script` gives the command a terminal of its own.
        let run = try space.start(
            program: "/bin/sh",
            [
                "-c",
                "stty_size='rows 24 columns 80'; script -qec \"stty $stty_size; $STEPVISOR\" /dev/null",
            ])
        #expect(TestSpace.wait { run.outputSoFar.contains("working hard") }, "\(run.outputSoFar)")
        try space.file("go", "")
        let result = run.wait()
        #expect(result.code == 0, "\(result)")
        #expect(result.output.contains("\u{1B}["))
        #expect(result.output.contains(" of 2 steps in "))
        // The region is gone at the end: its last line is not below the summary.
        let end = result.output.split(separator: "\u{1B}[J").last ?? ""
        #expect(!end.contains("running"), "\(end)")
    }
}
