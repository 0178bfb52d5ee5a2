import Foundation
import Testing
import TestSupport

@Suite(
    "What a run shows goes to standard error, in the way that was asked for",
    .timeLimit(.minutes(20)))
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

    @Test("`-q` says nothing of a run that goes well")
    func quiet() throws {
        let space = try noisy()
        let well = try space.run("-q", "good")
        #expect(well.code == 0)
        #expect(well.error.isEmpty && well.output.isEmpty, "\(well)")
        let bad = try space.run("-q", "bad")
        #expect(bad.error.hasPrefix("FAILED bad"), "\(bad)")
    }

    @Test(
        "the log's path and the command to run again hold from where the user stands",
        arguments: [
            ("sub/deeper", [String](), "../../.stepvisor/runs/"),
            ("", ["-C", "sub"], ".stepvisor/runs/"), ("", ["run"], ".stepvisor/runs/"),
            ("elsewhere", ["-C", "../sub/deeper"], "../.stepvisor/runs/"),
        ])
    func place(directory: String, words: [String], path: String) throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"bad\"\n")
        try space.directory("sub/deeper")
        try space.directory("elsewhere")
        let options = words + ["--runner", "exit 3", "--timeout", "90s"]
        let result = try space.start(options, in: directory).wait()
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains("  log: \(path)"), "\(result)")
        let log = try #require(
            result.error.split(separator: "\n").first { $0.hasPrefix("  log: ") }?.dropFirst(7))
        let seen = space.path(directory.isEmpty ? String(log) : "\(directory)/\(log)")
        #expect(FileManager.default.fileExists(atPath: seen), "\(seen)")
        let place = words.first == "-C" ? words.joined(separator: " ") + " " : ""
        let again =
            "stepvisor run \(place)--runner 'exit 3' --timeout 1m30s --only bad\n"
        #expect(result.error.contains(again), "\(result)")
        let list = try space.start(["logs"] + words.filter { $0 != "run" }, in: directory).wait()
        #expect(list.output.contains("  \(path)"), "\(list)")
    }

    @Test(
        "`--json` is refused where nothing has a JSON form",
        arguments: [
            ["lock", "--json", "x", "--", "true"], ["init", "--json"], ["--json", "init"],
            ["help", "--json"], ["--version", "--json"], ["logs", "good", "--json"],
        ])
    func noJSON(words: [String]) throws {
        let space = try noisy()
        _ = try space.run("good")
        let result = try space.start(words).wait()
        #expect(result.code == 2, "\(result)")
        #expect(result.output.isEmpty, "\(result)")
        #expect(result.error.contains("--json") || result.error.contains("JSON"), "\(result)")
        #expect(try space.run("logs", "--json").output.contains(#""step_id":"good""#))
    }

    @Test("a link in the place of the state is told with what to do")
    func stateIsLink() throws {
        let space = try noisy()
        try space.directory("other")
        try FileManager.default.createSymbolicLink(
            atPath: space.path(".stepvisor"), withDestinationPath: space.path("other"))
        let result = try space.run()
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("remove or rename what is in the way"), "\(result)")
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
