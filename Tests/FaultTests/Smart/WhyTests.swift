import Foundation
import Testing
import TestSupport

@Suite("Why a step runs", .timeLimit(.minutes(20)))
struct WhyTests {
    /// What is changed, and what `why use` says then.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (TestSpace) throws -> Void
        let lines: [String]
    }

    private static let changes = [
        Change(
            testDescription: "an edit and a new file",
            make: {
                try $0.file("docs/a.md", "other\n")
                try $0.file("docs/b.md", "b\n")
            },
            lines: ["`use` has to run:", "  inputs changed: docs/a.md (edited), docs/b.md (new)"]),
        Change(
            testDescription: "a removed file",
            make: { try FileManager.default.removeItem(atPath: $0.path("docs/a.md")) },
            lines: ["`use` has to run:", "  inputs changed: docs/a.md (removed)"]),
        Change(
            testDescription: "a missing output",
            make: { try FileManager.default.removeItem(atPath: $0.path("used")) },
            lines: ["`use` has to run:", "  output missing: used"]),
        Change(
            testDescription: "an output that somebody edited",
            make: { try $0.file("used", "by hand\n") },
            lines: ["`use` has to run:", "  output is not as it was left: used (edited)"]),
        Change(
            testDescription: "another command",
            make: {
                let text = $0.text("workflow.toml")
                try $0.workflow(text.replacing("cat made > used", with: "cat made >used"))
            },
            lines: [
                "`use` has to run:",
                "  command changed: cat made > used; echo use >> ran; echo use wrote → "
                    + "cat made >used; echo use >> ran; echo use wrote",
            ]),
        Change(
            testDescription: "a step before it has to run",
            make: { try $0.file("source", "xyz\n") },
            lines: ["`use` has to run if `gen` produces a different result"]),
        Change(
            testDescription: "it was forgotten",
            make: { _ = try $0.run("forget", "use") },
            lines: ["`use` has to run:", "  forgotten by `stepvisor forget`"]),
    ]

    @Test("the exact cause is named", arguments: changes)
    func cause(change: Change) throws {
        let space = try TestSpace()
        try space.chain()
        #expect(try space.run("run").code == 0)
        try change.make(space)
        let result = try space.run("why", "use")
        #expect(result.code == 0, "\(result)")
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(Array(lines.prefix(change.lines.count)) == change.lines, "\(result)")
    }

    @Test("of a step that is up to date it names the run, and why it ran there")
    func upToDate() throws {
        let space = try TestSpace()
        try space.chain()
        #expect(try space.run("why", "use").output.contains("no success is known"))
        #expect(try space.run("run", "--smart-execution").code == 0)
        let run = space.latestRunID
        let result = try space.run("why", "use")
        #expect(
            result.output == """
                `use` need not run: it is up to date since run \(run)
                run \(run) (the latest) ran it, complete:
                  no success is known

                """, "\(result)")
        #expect(try space.run("run", "--smart-execution").code == 0)
        let second = try space.run("why", "use")
        #expect(
            second.output.contains(
                "did not run it: skipped: up to date since run \(run)"), "\(second)")
    }

    @Test("a step without inputs, and one of a plain run")
    func plain() throws {
        let space = try TestSpace()
        try space.chain(TestSpace.step("free", "true"))
        #expect(try space.run("run").code == 0)
        let result = try space.run("why", "free")
        #expect(result.output.contains("`free` has to run:\n  declares no `inputs`\n"))
        #expect(result.output.contains("no --smart-execution"), "\(result)")
    }

    @Test("programs get the same")
    func json() throws {
        let space = try TestSpace()
        try space.chain()
        #expect(try space.run("run", "--smart-execution").code == 0)
        try space.file("docs/a.md", "other\n")
        let answer = try space.object("why", "use", "--json")
        #expect(answer["step_id"] as? String == "use")
        #expect(answer["state"] as? String == "due")
        let cause = try #require((answer["causes"] as? [[String: Any]])?.first)
        #expect(cause["cause"] as? String == "inputs_changed")
        let detail = try #require((cause["details"] as? [[String: Any]])?.first)
        #expect(detail["subject"] as? String == "docs/a.md")
        #expect(detail["change"] as? String == "edited")
        let latest = try #require(answer["latest_run"] as? [String: Any])
        #expect(latest["run_id"] as? String == space.latestRunID)
        let causes = try #require(latest["causes"] as? [[String: Any]])
        #expect(causes.first?["cause"] as? String == "success_unknown")
        let other = try space.object("why", "gen", "--json")
        #expect(other["state"] as? String == "up_to_date")
        #expect(other["run_id"] as? String == space.latestRunID)
    }

    @Test("all steps of a foreach are told of")
    func foreach() throws {
        let space = try TestSpace()
        try space.workflow(
            "[[steps]]\nid = \"lint\"\nforeach = [\"x\", \"y\"]\ncommand = \"true {item}\"\n")
        let result = try space.run("why", "lint")
        #expect(result.code == 0, "\(result)")
        #expect(result.output.split(separator: "\n").count { $0.contains("has to run") } == 2)
    }

    @Test(
        "what cannot be answered is said with what to type next",
        arguments: [
            (["why"], "`why` needs STEP"),
            (["why", "usee"], "did you mean `use`?"),
            (["why", "use", "gen"], "`why` does not take `gen`"),
            (["why", "use", "--between", "one"], "`--between` needs two values"),
            (["why", "use", "--between", "one", "two"], "no run"),
        ])
    func problems(words: [String], message: String) throws {
        let space = try TestSpace()
        try space.chain()
        let result = try space.start(words).wait(seconds: 30)
        #expect(result.code == 2)
        #expect(result.error.contains(message), "\(result)")
    }

    @Test("two runs are compared by what a step was made from in each")
    func between() throws {
        let space = try TestSpace()
        try space.chain(TestSpace.step("free", "echo 1"))
        #expect(try space.run("run").code == 0)
        let first = space.latestRunID
        try space.file("docs/b.md", "b\n")
        try space.workflow(space.text("workflow.toml").replacing("echo 1", with: "echo 2"))
        #expect(try space.run("run", "--smart-execution").code == 0)
        let second = space.latestRunID
        let use = try space.run("why", "use", "--between", first, second)
        #expect(
            use.output == "`use` between run \(first) and run \(second):\n"
                + "  inputs changed: docs/b.md (new)\n", "\(use)")
        let back = try space.run("why", "use", "--between", second, first)
        #expect(back.output.contains("inputs changed: docs/b.md (removed)"), "\(back)")
        let gen = try space.run("why", "gen", "--between", first, second)
        #expect(gen.output.contains("both have what run \(first) made"), "\(gen)")
        let free = try space.run("why", "free", "--between", first, second)
        #expect(free.output.contains("command changed: echo 1 → echo 2"), "\(free)")
        let same = try space.run("why", "use", "--between", second, "latest")
        #expect(same.output.contains("nothing differs"), "\(same)")
        let json = try space.object("why", "use", "--between", first, second, "--json")
        #expect(json["between"] as? [String] == [first, second])
        let causes = try #require(json["causes"] as? [[String: Any]])
        #expect(causes.map { $0["cause"] as? String } == ["inputs_changed"])
    }

    @Test("what a step was made from holds no secret")
    func secret() throws {
        let space = try TestSpace()
        space.environment["API_TOKEN"] = "s3cr3t-value-1"
        try space.workflow(
            "[execution]\nsecrets = [\"API_TOKEN\"]\n"
                + TestSpace.step(
                    "a", "true s3cr3t-value-1", "inputs = [\"in\"]\nenv_inputs = [\"API_TOKEN\"]"))
        try space.file("in", "x")
        #expect(try space.run("run").code == 0)
        let first = space.latestRunID
        try space.file("in", "y")
        #expect(try space.run("run").code == 0)
        let kept = space.text(".stepvisor/latest/ingredients")
        #expect(kept.contains("env_inputs API_TOKEN"))
        #expect(!kept.contains("s3cr3t-value-1"))
        let result = try space.run("why", "a", "--between", first, "latest")
        #expect(result.output.contains("inputs changed: in (edited)"), "\(result)")
        #expect(!result.output.contains("s3cr3t"))
    }

    @Test("why, plan, dry run, check and changes write nothing")
    func writesNothing() throws {
        let space = try TestSpace()
        try space.chain(TestSpace.step("free", "true"))
        let commands = [
            ["why", "use"], ["why", "use", "--json"], ["plan", "--smart-execution"],
            ["plan", "--exit-code"], ["plan", "--smart-execution", "--cache", "--json"],
            ["run", "--dry-run", "--smart-execution"], ["-n", "--cache", "--force"],
            ["run", "--dry-run", "--smart-execution", "--json"], ["check"],
        ]
        func expectUntouched() throws {
            let before = space.tree()
            for words in commands {
                let result = try space.start(words).wait(seconds: 30)
                #expect(result.code == 0 || result.code == 3, "\(words): \(result)")
                #expect(space.tree() == before, "\(words) wrote something")
            }
        }
        try expectUntouched()
        #expect(!space.exists(".stepvisor"))
        #expect(try space.run("run", "--smart-execution").code == 0)
        try expectUntouched()
        try space.file("docs/a.md", "other\n")
        try expectUntouched()
        let first = space.latestRunID
        let before = space.tree()
        #expect(try space.run("why", "use", "--between", first, "latest").code == 0)
        #expect(space.tree() == before)
    }
}
