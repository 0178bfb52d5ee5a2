import Foundation
import Testing
import TestSupport

@Suite("What people see of a run that skips", .timeLimit(.minutes(20)))
struct SmartViewTests {
    private func ranSpace() throws -> TestSpace {
        let space = try TestSpace()
        try space.chain()
        let result = try space.run("run", "--smart-execution")
        #expect(result.code == 0, "\(result)")
        #expect(try space.ranSince() == ["gen", "use"])
        return space
    }

    @Test("nothing to do is said in a line")
    func nothing() throws {
        let space = try ranSpace()
        let result = try space.run("run", "--smart-execution")
        #expect(result.code == 0)
        #expect(try space.ranSince() == [])
        let lines = result.error.split(separator: "\n")
        #expect(lines.last == "nothing to do: all 2 steps are up to date", "\(result)")
        #expect(lines.count == 2, "\(result)")
    }

    @Test("a line of a step that ran tells why, and the totals count who did not have to")
    func lines() throws {
        let space = try ranSpace()
        try space.file("docs/b.md", "b\n")
        let result = try space.run("run", "--smart-execution")
        #expect(try space.ranSince() == ["use"])
        #expect(
            result.error.contains("): inputs changed: docs/b.md (new)\n"), "\(result)")
        #expect(result.error.contains("complete: 1 complete, 1 up to date"), "\(result)")
        #expect(result.error.contains(" of 2 steps in "), "\(result)")
    }

    @Test("with -v the steps that did not have to run are named with their run")
    func verbose() throws {
        let space = try ranSpace()
        let run = space.latestRunID
        try space.file("docs/b.md", "b\n")
        let result = try space.run("run", "--smart-execution", "-v")
        #expect(result.error.contains("gen (up to date since run \(run))"), "\(result)")
    }

    @Test("what the steps that did not have to run usually take is told where it is known")
    func usualTime() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("slow", "sleep 0.2", "inputs = [\"in\"]")
                + TestSpace.step("quick", "true", "inputs = [\"other\"]"))
        try space.file("in", "1")
        try space.file("other", "1")
        #expect(try space.run("run").code == 0)
        try space.file("other", "2")
        let result = try space.run("run", "--smart-execution")
        #expect(result.error.contains("1 complete, 1 up to date (usually taking "), "\(result)")
    }

    @Test("status, timeline, progress.json and diagram say so too")
    func records() throws {
        let space = try ranSpace()
        let run = space.latestRunID
        try space.file("docs/b.md", "b\n")
        #expect(try space.run("run", "--smart-execution").code == 0)
        let status = try space.run("status").output
        #expect(status.contains("up to date since run \(run)"), "\(status)")
        #expect(status.contains("inputs changed: docs/b.md (new)"), "\(status)")
        #expect(status.contains("2 steps: 1 complete, 1 up to date"), "\(status)")
        #expect(try space.run("timeline").output.contains("up to date: [gen]"))
        let progress = try ProgressFile(in: space)
        let reason = try progress.step("gen")["reason"]
        #expect("\(reason ?? "")".contains("up to date since run \(run)"), "\(reason ?? "")")
        let causes = try #require(try progress.step("use")["causes"] as? [[String: Any]])
        #expect(causes.first?["cause"] as? String == "inputs_changed")
        let graph = try space.run("graph", "--run").output
        #expect(graph.contains("(up to date)"), "\(graph)")
    }

    @Test("the log of a step that was up to date is that of the run that made it")
    func logs() throws {
        let space = try ranSpace()
        let run = space.latestRunID
        for _ in 0..<2 { #expect(try space.run("run", "--smart-execution").code == 0) }
        let result = try space.run("logs", "use")
        #expect(result.output == "use wrote\n")
        #expect(result.error.contains("this is its log of run \(run)"), "\(result)")
        #expect(try space.run("logs").output.contains("up to date, in run \(run)"))
    }

    @Test("a dry run names the cause of each step, since when others need not run, and who waits")
    func dryRun() throws {
        let space = try ranSpace()
        let run = space.latestRunID
        try space.file("docs/b.md", "b\n")
        let result = try space.run("-n", "--smart-execution")
        #expect(result.output.contains("inputs changed: docs/b.md (new)"), "\(result)")
        #expect(result.output.contains("up to date since run \(run): gen"), "\(result)")
        try space.file("source", "xyz\n")
        try FileManager.default.removeItem(atPath: space.path("docs/b.md"))
        let open = try space.run("-n", "--smart-execution").output
        #expect(open.contains("inputs changed: source (edited)"), "\(open)")
        #expect(open.contains("if `gen` produces a different result"), "\(open)")
        let json = try space.object("-n", "--smart-execution", "--json")
        let steps = try #require(json["steps"] as? [[String: Any]])
        #expect(steps.map { $0["state"] as? String } == ["due", "open"])
        #expect(steps.last?["depends_on"] as? [String] == ["gen"])
    }

    @Test("a dry run of what is all up to date would run nothing")
    func dryNothing() throws {
        let space = try ranSpace()
        let result = try space.run("-n", "--smart-execution")
        #expect(result.output.hasPrefix("would run nothing: all 2 steps up to date\n"), "\(result)")
        let forced = try space.run("-n", "--smart-execution", "--force").output
        #expect(forced.split(separator: "\n").count { $0.contains("forced") } == 2, "\(forced)")
    }

    @Test("plan tells the same, and its exit code whether there is work")
    func plan() throws {
        let space = try ranSpace()
        let run = space.latestRunID
        let idle = try space.run("plan", "--exit-code")
        #expect(idle.code == 0)
        #expect(idle.output.contains("[up to date since run \(run)]"), "\(idle)")
        try space.file("source", "xyz\n")
        let due = try space.run("plan", "--smart-execution", "--exit-code")
        #expect(due.code == 3)
        #expect(due.output.contains("[runs: inputs changed: source (edited)]"), "\(due)")
        #expect(due.output.contains("[runs: if `gen` produces a different result]"), "\(due)")
        #expect(try space.run("plan", "--smart-execution").code == 0)
        let json = try space.object("plan", "--smart-execution", "--json")
        let phases = try #require(json["phases"] as? [[String: Any]])
        let steps = phases.flatMap { $0["steps"] as? [[String: Any]] ?? [] }
        #expect(steps.map { $0["state"] as? String } == ["due", "open"])
    }

    @Test("what runs at the end of every run is no work of its own")
    func finalizers() throws {
        let space = try TestSpace()
        try space.chain(TestSpace.step("last", "true", "always = true"))
        #expect(try space.run("plan", "--exit-code").code == 3)
        #expect(try space.run("run").code == 0)
        #expect(try space.run("plan", "--exit-code").code == 0)
    }

    @Test("an open step that turns out to be up to date is skipped, and its dependents too")
    func cutOff() throws {
        let space = try ranSpace()
        let run = space.latestRunID
        // The part that is made of it stays as it is.
        try space.file("source", "abc two\n")
        let result = try space.run("run", "--smart-execution")
        #expect(try space.ranSince() == ["gen"])
        #expect(result.error.contains("complete: 1 complete, 1 up to date"), "\(result)")
        #expect(try space.run("status").output.contains("up to date since run \(run)"))
    }

    @Test("--force runs everything, and says where it has no effect")
    func force() throws {
        let space = try ranSpace()
        let forced = try space.run("run", "--smart-execution", "--force")
        #expect(try space.ranSince() == ["gen", "use"])
        #expect(forced.error.contains("): forced\n"), "\(forced)")
        let plain = try space.run("run", "--force")
        #expect(plain.error.contains("`--force` has no effect"), "\(plain)")
    }

    @Test("check says which steps always run, and who is needed and says nothing of itself")
    func check() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "true") + TestSpace.step("b", "true", "dependencies = [\"a\"]")
                + TestSpace.step("c", "true", "dependencies = [\"a\"]\ninputs = [\"x\"]"))
        let result = try space.run("check")
        #expect(result.code == 0)
        #expect(
            result.error.contains("2 steps declare no `inputs` and always run: `a` and `b`"),
            "\(result)")
        #expect(
            result.error.contains(
                "step is needed by others, and declares neither `inputs` nor `output_files`: `a`"),
            "\(result)")
    }
}
