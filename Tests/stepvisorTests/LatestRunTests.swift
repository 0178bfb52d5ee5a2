import Foundation
import Testing
import TestSupport

@Suite("The latest run is that of the workflow in question", .timeLimit(.minutes(20)))
struct LatestRunTests {
    /// `a.toml`, whose step fails until `ok` is there, and `b.toml`, whose step of the same name does
    /// something else; `b.toml` has run last.
    private func space() throws -> TestSpace {
        let space = try TestSpace()
        try space.file(
            "a.toml", "[[steps]]\nid = \"deploy\"\ncommand = \"echo a >> ran; test -e ok\"\n")
        try space.file(
            "b.toml", "[[steps]]\nid = \"deploy\"\ncommand = \"echo from b; echo b >> ran\"\n")
        #expect(try space.run("run", "-f", "a.toml").code == 1)
        #expect(try space.run("run", "-f", "b.toml").code == 0)
        return space
    }

    private func identifiers(_ space: TestSpace) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: space.path(".stepvisor/runs")).sorted()
    }

    @Test("views and resumed runs mean the workflow that is named, however it is spelt")
    func named() throws {
        let space = try space()
        _ = try space.shell("ln -s a.toml link.toml; mkdir sub")
        for name in ["a.toml", "./a.toml", space.path("a.toml"), "link.toml", "sub/../a.toml"] {
            #expect(try space.run("status", "-f", name).output.contains("failed"), "\(name)")
        }
        #expect(try space.run("logs", "deploy", "--file", "a.toml").output == "")
        #expect(try space.run("logs", "deploy", "--file", "b.toml").output == "from b\n")
        #expect(try space.run("timeline", "-f", "a.toml").output.contains("failed"))
        #expect(try space.run("why", "deploy", "-f", "a.toml").output.contains("failed"))
        #expect(try space.run("graph", "--run", "--json", "-f", "a.toml").output.contains("failed"))
        #expect(try space.run("run", "--failed", "-f", "b.toml").code == 0)
        #expect(space.lines("ran") == ["a", "b"])
        try space.file("ok", "")
        #expect(try space.run("run", "--failed", "-f", "link.toml").code == 0)
        #expect(space.lines("ran") == ["a", "b", "a"])
        #expect(try space.run("status", "-f", "b.toml").output.contains("complete"))
    }

    @Test("without a workflow the latest of all is meant, and named")
    func unnamed() throws {
        let space = try space()
        let status = try space.run("status")
        #expect(status.code == 0, "\(status)")
        #expect(status.error.contains("of `b.toml` is the latest of all"), "\(status)")
        // With a workflow here that never ran, it is that one's runs that are missing.
        try space.workflow("[[steps]]\nid = \"x\"\ncommand = \"true\"\n")
        let none = try space.run("status")
        #expect(none.code == 2)
        #expect(none.error.contains("no run of `workflow.toml` is recorded here"), "\(none)")
        #expect(none.error.contains("is of `b.toml`"), "\(none)")
        let resumed = try space.run("--resume")
        #expect(resumed.error.contains("nothing to resume: no run of `workflow.toml`"))
        #expect(try space.run("status").output.contains("complete"))
    }

    @Test("a run of another workflow is gone on with only where its file is gone, which is said")
    func foreign() throws {
        let space = try space()
        let first = try #require(try identifiers(space).first)
        for option in ["--resume", "--replay"] {
            let refused = try space.run("run", "-f", "b.toml", option, first)
            #expect(refused.code == 2, "\(refused)")
            #expect(refused.error.contains("run \(first) is of `a.toml`, not of `b.toml`"))
            #expect(refused.error.contains("stepvisor run -f a.toml \(option) \(first)"))
        }
        _ = try space.shell("mv a.toml renamed.toml; touch ok")
        // Without an id it is said which run that may be, where it is the latest of all.
        let last = try #require(try identifiers(space).last)
        _ = try space.shell("mv b.toml moved.toml")
        let absent = try space.run("status", "-f", "moved.toml")
        #expect(absent.error.contains("is of `b.toml`, which is not there any more"), "\(absent)")
        let plain = try space.run("run", "-f", "moved.toml", "--resume", "--dry-run")
        #expect(plain.error.contains("`b.toml`, which is not there any more"), "\(plain)")
        #expect(plain.error.contains("stepvisor run -f moved.toml --resume \(last)"), "\(plain)")
        let renamed = try space.run("run", "-f", "renamed.toml", "--resume", first)
        #expect(renamed.code == 0, "\(renamed)")
        #expect(renamed.error.contains("`a.toml`, which is not there any more"), "\(renamed)")
        #expect(try space.run("status", "-f", "moved.toml", "--run", first).code == 0)
    }

    @Test("a run without a record harms no other workflow, and is told")
    func withoutRecord() throws {
        let space = try space()
        let last = try #require(try identifiers(space).last)
        try space.file(".stepvisor/runs/\(last)/events.ndjson", "", mode: 0o600)
        // Its progress still says whose it is.
        #expect(try space.run("status", "-f", "b.toml").code == 5)
        let other = try space.run("status", "-f", "a.toml")
        #expect(other.code == 0 && !other.error.contains(last), "\(other)")
        _ = try space.shell("rm .stepvisor/runs/\(last)/progress.json")
        let told = try space.run("status", "-f", "a.toml")
        #expect(told.code == 0 && told.output.contains("failed"), "\(told)")
        #expect(told.error.contains("run \(last) has no record"), "\(told)")
        #expect(try space.run("status", "-f", "b.toml").code == 5)
    }

    @Test(
        "a run of an earlier version, which names no file, is one of the workflow of its name and steps"
    )
    func earlierVersion() throws {
        let space = try TestSpace()
        try space.workflow("name = \"w\"\n[[steps]]\nid = \"a\"\ncommand = \"test -e ok\"\n")
        #expect(try space.run().code == 1)
        // The seal of a line is optional in a journal whose first line has none.
        let journal = ".stepvisor/latest/events.ndjson"
        let text = space.text(journal).replacing(/,"workflow_file":"workflow.toml"/, with: "")
            .replacing(/,"crc":"?[0-9a-f]+"?}/, with: "}")
        try space.file(journal, text, mode: 0o600)
        #expect(try space.run("status").output.contains("failed"))
        try space.file("other.toml", "name = \"o\"\n[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        #expect(try space.run("status", "-f", "other.toml").code == 2)
        try space.file("ok", "")
        #expect(try space.run("--resume").error.contains("going on with run"))
    }

    @Test("started inside the directory of steps the project is the one that it belongs to")
    func insideSteps() throws {
        let space = try TestSpace()
        try space.step("step_01_a", [], "pwd >> ran")
        try space.step("b", [], "true")
        try space.file("steps/workflow.toml", "[[steps]]\nid = \"c\"\ncommand = \"true\"\n")
        try space.directory("steps/lib")
        let ways = [
            [], ["-C", "steps"], ["-C", "steps/lib"], ["-f", "steps/workflow.toml"],
            ["-f", "steps"], ["-C", "steps", "-f", "workflow.toml"], ["-C", "steps", "-f", "."],
        ]
        for way in ways {
            let run = try space.start(["run"] + way).wait()
            #expect(run.code == 0, "\(way): \(run)")
            #expect(run.error.contains("3 steps"), "\(way): \(run)")
            #expect(try space.start(["status"] + way).wait().output.contains("complete"), "\(way)")
        }
        #expect(Set(space.lines("ran")) == [space.root.path])
        #expect(!space.exists("steps/.stepvisor"))
        #expect(try identifiers(space).count == ways.count)
    }

    @Test("a project that is called steps and holds no step file is its own")
    func projectCalledSteps() throws {
        let space = try TestSpace()
        try space.file("steps/workflow.toml", "[[steps]]\nid = \"c\"\ncommand = \"true\"\n")
        try space.script("steps/tool.sh", "true")
        #expect(try space.run("-C", "steps").code == 0)
        #expect(space.exists("steps/.stepvisor") && !space.exists(".stepvisor"))
    }
}
