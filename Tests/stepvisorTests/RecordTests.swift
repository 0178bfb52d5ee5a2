import Foundation
import Testing
import TestSupport

@Suite("What a run did can be read while it goes on and after it", .timeLimit(.minutes(20)))
struct RecordTests {
    /// A step that has ended, one that runs until `go` exists, and one that waits for it.
    private func waiting() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "done"
            command = "echo early"
            [[steps]]
            id = "slow"
            command = "echo begun; touch begun; until test -e go; do sleep 0.01; done; echo late"
            dependencies = ["done"]
            [[steps]]
            id = "then"
            command = "true"
            dependencies = ["slow"]
            """)
        return space
    }

    @Test("`status`, `timeline`, `logs` and `graph --run` tell of a run that goes on")
    func running() throws {
        let space = try waiting()
        let run = try space.start([])
        #expect(TestSpace.wait { space.exists("begun") })
        let status = try space.run("status")
        #expect(status.code == 0, "\(status)")
        #expect(status.output.contains("running"))
        #expect(status.output.contains("waits for `slow`"), "\(status)")
        #expect(try space.run("timeline").output.contains("slow"))
        #expect(try space.run("logs", "slow").output == "begun\n")
        let none = try space.run("logs", "then")
        #expect(none.code == 0)
        #expect(none.output.isEmpty)
        #expect(none.error.contains("`then` has no log"), "\(none)")
        #expect(try space.run("graph", "--run").output.contains("running"))
        let follow = try space.start(["logs", "-f", "slow"])
        try space.file("go", "")
        #expect(run.wait().code == 0)
        let followed = follow.wait()
        #expect(followed.code == 0, "\(followed)")
        #expect(followed.output == "begun\nlate\n")
    }

    @Test("`progress.json` is whole at any instant, and `status --json` has the same fields")
    func progress() throws {
        let space = try waiting()
        let run = try space.start(["--parallel"])
        #expect(TestSpace.wait { space.exists("begun") })
        for _ in 0..<20 {
            let text = space.text(".stepvisor/latest/progress.json")
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
            #expect((object as? [String: Any])?["status"] as? String == "running")
        }
        try space.file("go", "")
        #expect(run.wait().code == 0)
        let status = try space.run("status", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8))
        let root = try #require(object as? [String: Any])
        #expect(root["status"] as? String == "complete")
        #expect(root["execution_mode"] as? String == "parallel")
        let written = space.text(".stepvisor/latest/progress.json")
        #expect(written == status.output)
    }

    @Test("every event is a line of JSON in the journal, and `--json` prints the same lines")
    func journal() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"echo hello\"\n")
        let result = try space.run("--json")
        #expect(result.code == 0, "\(result)")
        // A line of the file ends with its check sum, and is the same but for that.
        let journal = space.lines(".stepvisor/latest/events.ndjson")
        #expect(result.output.split(separator: "\n").map(String.init).count == journal.count)
        for (line, kept) in zip(result.output.split(separator: "\n"), journal) {
            #expect(kept.hasPrefix(line.dropLast() + ",\"crc\":\""), "\(kept)")
        }
        for line in result.output.split(separator: "\n") {
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(line.utf8))
            }
        }
    }

    @Test("runs are named by id, by its beginning, or as the latest; a wrong one is told")
    func runNames() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        let before = try space.run("status")
        #expect(before.code == 2)
        #expect(before.error.contains("no run is recorded here"))
        #expect(!space.exists(".stepvisor"))
        _ = try space.run()
        let id = try #require(
            FileManager.default.contentsOfDirectory(atPath: space.path(".stepvisor/runs")).first)
        for words in [
            ["status", id], ["status", "--run", id], ["timeline", id], ["logs", "--run", id],
            ["graph", "--run", id], ["status", "latest"],
        ] {
            let result = try space.start(words).wait()
            #expect(result.code == 0, "\(words): \(result)")
        }
        for wrong in ["nope", "../..", "/etc"] {
            let result = try space.run("status", wrong)
            #expect(result.code == 2, "\(result)")
            #expect(result.error.contains("there is no run `\(wrong)`"), "\(result)")
        }
        let step = try space.run("logs", "b")
        #expect(step.code == 2)
        #expect(step.error.contains("no step `b`"))
    }

    @Test("a run whose stepvisor was killed is told as interrupted, with what was in flight")
    func interrupted() throws {
        let space = try waiting()
        let run = try space.start([])
        #expect(TestSpace.wait { space.exists("begun") })
        run.signal(9)
        #expect(run.wait().end == .signal(9))
        try space.file("go", "")
        let status = try space.run("status")
        #expect(status.code == 0, "\(status)")
        #expect(status.output.contains("interrupted"), "\(status)")
        #expect(try space.run("status", "--json").output.contains(#""status":"interrupted""#))
        #expect(try space.run("logs", "-f", "slow").code == 0)
    }

    @Test("a workflow that is broken by now does not hide its runs")
    func brokenWorkflow() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"echo hello\"\n")
        _ = try space.run()
        try space.workflow("[[steps]\n")
        #expect(try space.run("logs", "a").output == "hello\n")
        #expect(try space.run("status").code == 0)
    }

    @Test("a log's bytes come out as they went in")
    func rawBytes() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = '''printf '\\033[31mred\\377\\000end' '''
            """)
        #expect(try space.run().code == 0)
        let result = try space.shell("$STEPVISOR logs a | od -An -c | tr -d ' \\n'")
        #expect(result.output == "033[31mred377\\0end", "\(result)")
    }

    @Test("expected times are known after a run, and kept for steps that did not run since")
    func durations() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "sleep 0.05"
            [[steps]]
            id = "b"
            command = "true"
            """)
        #expect(try space.run("plan").output.contains("not known until a run has measured them"))
        _ = try space.run()
        _ = try space.run("--only", "b")
        let plan = try space.run("plan", "-j2")
        #expect(plan.output.contains("expected:"), "\(plan)")
        #expect(space.lines(".stepvisor/durations").count == 3)
        // Another workflow's step of the same name, and a changed command, have none.
        try space.file("other.toml", "[[steps]]\nid = \"a\"\ncommand = \"sleep 0.05\"\n")
        #expect(
            try space.run("plan", "-f", "other.toml").output.contains("not known until a run"))
        #expect(try space.run("-f", "other.toml").code == 0)
        #expect(space.lines(".stepvisor/durations").count == 4)
        try space.file("other.toml", "[[steps]]\nid = \"a\"\ncommand = \"sleep 0.06\"\n")
        #expect(
            try space.run("plan", "-f", "./other.toml").output.contains("not known until a run"))
        // That of an earlier version, which knew neither, is no error.
        try space.file(".stepvisor/durations", "stepvisor durations 1\na\t3000\n")
        #expect(try space.run("plan").output.contains("not known until a run"))
        try space.file(".stepvisor/durations", "rubbish\u{0}\n")
        #expect(try space.run("plan").code == 0)
    }
}
