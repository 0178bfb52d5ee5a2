import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("A run goes on where another was stopped", .timeLimit(.minutes(20)))
struct ResumeTests {
    /// `make` hands `use` a value; `use` fails until `ok` exists; `end` depends on it, `other` on
    /// nothing.
    private func space(_ more: String = "") throws -> TestSpace {
        try TestSpace().workflow(
            """
            [[steps]]
            id = "make"
            command = "echo made; echo make >> ran; echo value=7 > \\"$STEPVISOR_OUTPUT\\""
            [[steps]]
            id = "use"
            command = "echo use >> ran; cat \\"$STEPVISOR_OUTPUTS/make\\" && test -e ok"
            dependencies = ["make"]
            [[steps]]
            id = "end"
            command = "echo end >> ran"
            dependencies = ["use"]
            [[steps]]
            id = "other"
            command = "echo other >> ran"
            \(more)
            """)
    }

    private func runs(_ space: TestSpace) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: space.path(".stepvisor/runs")).sorted()
    }

    private func latest(_ space: TestSpace) throws -> String {
        let link = space.path(".stepvisor/latest")
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
        return String(target.dropFirst("runs/".count))
    }

    @Test("what ended well is taken over with its results, the rest runs, and each view says so")
    func goesOn() throws {
        let space = try space()
        #expect(try space.run("run", "-k").code == 1)
        #expect(space.lines("ran") == ["make", "use", "other"])
        let first = try latest(space)
        try space.file("ok", "")
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["make", "use", "other", "use", "end"])
        #expect(result.error.contains("going on with run \(first): 2 steps are done, 2 to run"))
        #expect(result.error.contains("complete: 2 complete, 2 done earlier of 4 steps"))
        #expect(space.text(".stepvisor/latest/logs/use.log") == "value=7\n")
        #expect(space.text(".stepvisor/latest/outputs/make") == "value=7\n")
        // It is a copy: what is written to it now is not written to the earlier run's.
        try space.file(".stepvisor/latest/outputs/make", "value=8\n")
        #expect(space.text(".stepvisor/runs/\(first)/outputs/make") == "value=7\n")

        let status = try space.run("status").output
        #expect(status.contains("going on with run \(first)"))
        #expect(status.contains("done earlier, in run \(first)"))
        #expect(status.contains("4 steps: 2 complete, 2 done earlier"))
        #expect(try space.run("timeline").output.contains("done earlier: [make] and [other]"))
        #expect(try space.run("graph", "--run").output.contains("make<br/>(done earlier)"))
        let logs = try space.run("logs", "make")
        #expect(logs.output == "made\n")
        #expect(logs.error.contains("`make` was done earlier: this is its log of run \(first)"))
        #expect(try space.run("logs").output.contains("done earlier, in run \(first)"))
        let json = try space.run("status", "--json").output
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(object?["resumes"] as? String == first)
    }

    @Test("a chain of runs goes on: what was done two runs ago stays done, and is named so")
    func chain() throws {
        let space = try space()
        _ = try space.run("run", "-k")
        let first = try latest(space)
        _ = try space.run("run", "-k", "--resume")
        try space.file("ok", "")
        let third = try space.run("run", "--resume")
        #expect(third.code == 0)
        #expect(space.lines("ran").count { $0 == "make" } == 1)
        #expect(try space.run("status").output.contains("done earlier, in run \(first)"))
        #expect(space.text(".stepvisor/latest/outputs/make") == "value=7\n")
        // The run that `make` ran in may be gone by then.
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/runs/\(first)"))
        let logs = try space.run("logs", "make")
        #expect(logs.code == 0)
        #expect(logs.error.contains("`make` has no log"))
        let fourth = try space.run("run", "--resume", try latest(space))
        #expect(fourth.error.contains("4 steps are done, none is left to run"))
        #expect(fourth.code == 0)
        #expect(space.text(".stepvisor/latest/outputs/make") == "value=7\n")
    }

    @Test("a run that was killed before it launched a step has changed nothing of the one before")
    func killedAtOnce() throws {
        let space = try space()
        _ = try space.run("run", "-k")
        let first = try latest(space)
        _ = try space.run("run", "-k", "--resume")
        // What a kill in the middle of taking over leaves: the header and one line.
        let path = ".stepvisor/latest/events.ndjson"
        let lines = space.lines(path)
        try space.file(path, lines.prefix(2).map { $0 + "\n" }.joined())
        let result = try space.run("run", "--resume")
        #expect(result.error.contains("going on with run \(first): 2 steps are done"), "\(result)")
        // And one that was killed before its first line.
        try space.file(path, "")
        let again = try space.run("run", "--resume")
        #expect(again.error.contains("ended before it began"), "\(again)")
        #expect(again.error.contains("2 steps are done"), "\(again)")
        #expect(space.lines("ran").count { $0 == "make" } == 1)
    }

    @Test("what is changed runs again with all that depends on it, each with its reason")
    func changed() throws {
        let space = try space("environment = { A = \"1\" }")
        _ = try space.run("run", "-k")
        let text = space.text("workflow.toml")
        try space.workflow(
            text.replacingOccurrences(of: "echo made;", with: "echo other;")
                .replacingOccurrences(of: "A = \"1\"", with: "A = \"2\""))
        try space.file("ok", "")
        let preview = try space.run("run", "-n", "--resume")
        for result in [preview, try space.run("run", "--resume")] {
            #expect(result.code == 0)
            #expect(result.error.contains("0 steps are done, 4 to run"), "\(result)")
            #expect(result.error.contains("`make` runs again: its command changed"))
            #expect(result.error.contains("`other` runs again: its settings changed"))
            #expect(!result.error.contains("`use` runs"), "that it failed is why one resumes")
        }
        #expect(preview.output.contains("would run 4 of 4 steps"))
        #expect(preview.output.contains("runs again: it failed"))
        #expect(preview.output.contains("was not reached before"))
    }

    @Test("a dry run shows what is done, and long lists are cut")
    func preview() throws {
        let steps = (0..<40).map {
            "[[steps]]\nid = \"s\($0)\"\ncommand = \"echo 1 >> ran\"\n"
        }.joined()
        let last = "[[steps]]\nid = \"last\"\ncommand = \"false\"\n"
        let space = try TestSpace().workflow(steps + last)
        _ = try space.run("run", "-k")
        let same = try space.run("run", "-n", "--resume")
        #expect(same.output.contains("would run 1 of 41 steps"))
        #expect(same.output.contains("s1, s2"))
        #expect(same.output.contains("and 20 more"))
        try space.workflow(steps.replacingOccurrences(of: "echo 1", with: "echo 2") + last)
        let changed = try space.run("run", "-n", "--resume")
        #expect(changed.error.contains("`s11` runs again: its command changed\n  and 28 more"))
        let json = try space.run("run", "-n", "--resume", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
        let root = try #require(object as? [String: Any])
        #expect((root["steps"] as? [Any])?.count == 41)
        #expect((root["done_earlier"] as? [Any])?.isEmpty == true)
    }

    @Test("where there is nothing to go on with, a run starts and says so")
    func nothing() throws {
        let space = try space()
        try space.file("ok", "")
        let first = try space.run("run", "--resume")
        #expect(first.code == 0, "\(first)")
        #expect(first.error.contains("nothing to resume: no run is recorded here"))
        let second = try space.run("run", "--resume")
        #expect(second.error.contains("is complete; starting a run of its own"))
        #expect(space.lines("ran").count == 8)
        // A run that is named is gone on with all the same.
        let third = try space.run("run", "--resume", try latest(space))
        #expect(third.code == 0)
        #expect(third.error.contains("nothing to do"))
        #expect(third.error.contains("4 done earlier"))
        #expect(space.lines("ran").count == 8)
    }

    @Test("a run that there is not is refused with a suggestion, and nothing is run")
    func unknown() throws {
        let space = try space()
        _ = try space.run("run", "-k")
        let id = try latest(space)
        let tree = space.tree()
        let wrong = try space.run("run", "--resume", id.dropLast() + "x")
        #expect(wrong.code == 2)
        #expect(wrong.error.contains("did you mean `\(id)`?"), "\(wrong)")
        let step = try space.run("run", "--resume", "use")
        #expect(step.code == 2)
        #expect(step.error.contains("put the step first: `stepvisor run use --resume`"))
        #expect(space.tree() == tree)
        let named = try space.run("run", "use", "--resume")
        #expect(named.code == 1)
        #expect(named.error.contains("1 step is done, 1 to run"), "\(named)")
    }

    @Test("a run that still goes on is not gone on with: exit 4")
    func alive() throws {
        let space = try TestSpace().workflow(
            """
            [[steps]]
            id = "slow"
            command = "touch begun; until test -e go; do sleep 0.01; done"
            """)
        let run = try space.start(["run"])
        #expect(TestSpace.wait { space.exists("begun") })
        let id = try latest(space)
        for words in [["--resume"], ["--resume", id], ["--resume", "-n"], ["--failed"]] {
            let result = try space.start(["run"] + words).wait()
            #expect(result.code == 4, "\(words): \(result)")
        }
        let waiting = try space.start(["run", "--resume", "--wait"])
        #expect(TestSpace.wait { waiting.errorSoFar.contains("waiting for another run") })
        try space.file("go", "")
        #expect(run.wait().code == 0)
        let after = waiting.wait()
        #expect(after.error.contains("nothing to resume: run \(id) is complete"), "\(after)")
    }

    @Test("the steps of the earlier run are meant, unless the command line names some")
    func selection() throws {
        let space = try space()
        _ = try space.run("run", "use")
        let result = try space.run("run", "--resume")
        #expect(result.error.contains("1 step is done, 1 to run"), "\(result)")
        #expect(result.error.contains("2 steps left out"))
        let named = try space.run("run", "--resume", "--only", "other")
        #expect(named.error.contains("`other` was left out before"))
        #expect(space.lines("ran") == ["make", "use", "use", "other"])
    }

    @Test("`--failed` runs what failed, what depends on it and what the halt left, and no more")
    func failed() throws {
        let space = try space()
        _ = try space.run("run")
        // The critical failure kept `other` from running, which nothing that failed needs.
        #expect(space.lines("ran") == ["make", "use"])
        try space.workflow(
            space.text("workflow.toml").replacingOccurrences(of: "echo made;", with: "echo x;"))
        try space.file("ok", "")
        let result = try space.run("run", "--failed")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("ran") == ["make", "use", "use", "end", "other"])
        #expect(result.error.contains("1 done earlier"))
        #expect(space.text(".stepvisor/latest/logs/use.log") == "value=7\n")
        let none = try space.run("run", "--failed")
        #expect(none.code == 0)
        #expect(none.error.contains("nothing failed in run \(try latest(space))"))
        #expect(try runs(space).count == 2)
        let first = try #require(try runs(space).first)
        let again = try space.run("run", "--failed", "--resume", first)
        #expect(again.code == 0)
        #expect(space.lines("ran").suffix(3) == ["use", "end", "other"])
        // What `make` was taken over from is still known, so that its change is seen.
        let resumed = try space.run("run", "--resume", try latest(space))
        #expect(resumed.error.contains("`make` runs again: its command changed"), "\(resumed)")
    }

    @Test("`--failed` without any run is refused")
    func failedWithoutRun() throws {
        let space = try space()
        let result = try space.run("run", "--failed")
        #expect(result.code == 2)
        #expect(result.error.contains("no run is recorded here"))
        #expect(!space.exists(".stepvisor"))
    }

    @Test(
        "it runs as many steps at once as the earlier run, unless the command line says otherwise",
        arguments: [
            (["--parallel", "-j", "3"], [], "parallel, at most 3 at once"),
            (["-j", "3"], ["-j", "1"], "parallel, at most 1 at once"),
            ([], [], "sequential"), ([], ["-j", "2"], "parallel, at most 2 at once"),
        ])
    func keepsParallelism(earlier: [String], later: [String], expected: String) throws {
        let space = try space()
        #expect(try space.start(["run", "-k"] + earlier).wait(seconds: 30).code == 1)
        let result = try space.start(["run", "-k", "--resume"] + later).wait(seconds: 30)
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains(": 4 steps, \(expected) "), "\(result.error)")
    }
}
