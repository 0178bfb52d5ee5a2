import Foundation
import Testing
import TestSupport

@Suite("A smart run goes on with what is still up to date", .timeLimit(.minutes(20)))
struct SmartResumeTests {
    /// A chain whose end fails until there is a file `ok`; `gen` asks a tool for its version.
    private func failed(_ words: String...) throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step(
                "gen", "cat version > made",
                "inputs = [\"source\"]\ntools = [\"cat version\"]\noutput_files = [\"made\"]")
                + TestSpace.step(
                    "use", "cat made > used", "inputs = [\"made\"]\noutput_files = [\"used\"]")
                + TestSpace.step(
                    "free", "echo free >> ran; echo x > left",
                    "dependencies = [\"use\"]\noutput_files = [\"left\"]")
                + TestSpace.step("end", "test -e ok", "dependencies = [\"free\"]"))
        try space.file("source", "s\n").file("version", "v1\n")
        let result = try space.start(["run"] + words).wait()
        #expect(result.code == 1, "\(result)")
        try space.file("ok", "")
        return space
    }

    @Test("a tool that answers otherwise, or an output that is gone, runs its step again")
    func different() throws {
        let changes: [(change: String, told: String)] = [
            ("echo v2 > version", "`gen` runs again: tool changed: cat version: v1 → v2"),
            ("rm made", "`gen` runs again: output missing: made"),
            ("rm used", "`use` runs again: output missing: used"),
            ("rm left", "`free` runs again: output missing: left"),
        ]
        for (change, told) in changes {
            let space = try failed("--smart-execution")
            _ = try space.shell(change)
            let words = ["run", "--resume", "--smart-execution"]
            let preview = try space.start(words + ["--dry-run"]).wait()
            #expect(preview.error.contains("  \(told)\n"), "\(change) \(preview)")
            let result = try space.start(words).wait()
            #expect(result.code == 0, "\(change) \(result)")
            #expect(result.error.contains("  \(told)\n"), "\(change) \(result)")
            #expect(space.text("made") == space.text("version"))
            #expect(space.text("used") == space.text("version"))
            #expect(space.exists("left"))
        }
    }

    @Test("what is up to date is told as done, whatever the earlier run did about it")
    func done() throws {
        let space = try failed()
        // The second run skips two steps, and says nothing of what they were made from.
        try FileManager.default.removeItem(atPath: space.path("ok"))
        #expect(try space.run("run", "--smart-execution").code == 1)
        try space.file("ok", "")
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("3 steps are done, 1 to run\n"), "\(result)")
        #expect(!result.error.contains("not recorded"), "\(result)")
        #expect(space.lines("ran") == ["free", "free"])
    }

    @Test("outputs that came from the cache are taken over as done")
    func cached() throws {
        let space = try failed("--cache")
        try FileManager.default.removeItem(atPath: space.path("ok"))
        try FileManager.default.removeItem(atPath: space.path("made"))
        #expect(try space.run("run", "--cache").code == 1)
        try space.file("ok", "")
        let result = try space.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("3 steps are done, 1 to run\n"), "\(result)")
        #expect(!result.error.contains("not recorded"), "\(result)")
    }

    @Test("what a revision let be is compared with it again; what has run is not")
    func sinceRevision() throws {
        let project = try GitProject()
        let space = project.space
        try space.workflow(
            TestSpace.step("read", "echo read >> state/ran", "inputs = [\"docs/**\"]")
                + TestSpace.step("own", "echo own >> state/ran", "inputs = [\"src/**\"]")
                + TestSpace.step("end", "test -e state/ok", "dependencies = [\"read\", \"own\"]"))
        try project.shell("mkdir state; git add . && git commit -qm two; echo x > src/a.swift")
        #expect(try project.run("run", "--since", "HEAD").code == 1)
        #expect(space.lines("state/ran") == ["own"])
        let same = try project.run("run", "--resume", "--dry-run")
        #expect(same.error.contains("2 steps are done, 1 to run\n"), "\(same)")
        try project.shell("echo x > docs/a.md; touch state/ok")
        let result = try project.run("run", "--resume")
        #expect(result.code == 0, "\(result)")
        #expect(
            result.error.contains("`read` runs again: changed since HEAD: docs/a.md (edited)\n"),
            "\(result)")
        #expect(space.lines("state/ran") == ["own", "read"])
    }
}
