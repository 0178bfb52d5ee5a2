import Foundation
import Testing
import TestSupport

@Suite(
    "--since says what has changed, and --cache where its results may come from",
    .timeLimit(.minutes(20)))
struct SinceCacheTests {
    /// A chain and a step without inputs, each of which notes in `state/ran` that it ran; the outputs
    /// are ignored by git.
    private func project() throws -> GitProject {
        let project = try GitProject()
        try project.space.workflow(
            TestSpace.step(
                "read", "mkdir -p state; cat docs/a.md > state/read; echo read >> state/ran",
                "inputs = [\"docs/**\"]\noutput_files = [\"state/read\"]")
                + TestSpace.step(
                    "next", "cat state/read state/read > state/next; echo next >> state/ran",
                    "inputs = [\"state/read\"]\noutput_files = [\"state/next\"]")
                + TestSpace.step("free", "echo free >> state/ran"))
        try project.shell("git add . && git commit -qm two")
        return project
    }

    private func ran(_ space: TestSpace) -> [String] {
        defer { unlink(space.path("state/ran")) }
        return space.lines("state/ran").sorted()
    }

    @Test("what differs is due whatever its last success says, and comes from the cache")
    func due() throws {
        let project = try project()
        let space = project.space
        #expect(try space.run("--cache").code == 0)
        let run = space.latestRunID
        _ = ran(space)
        try space.file("docs/a.md", "x\n")
        #expect(try space.run("--since", "HEAD", "--cache").code == 0)
        let second = space.latestRunID
        #expect(ran(space) == ["free", "next", "read"])
        // It has succeeded since, and differs from the revision still: no run, and not skipped.
        let again = try space.run("--since", "HEAD", "--cache")
        #expect(again.code == 0 && ran(space) == ["free"], "\(again)")
        #expect(
            try CacheRunTests.statuses(space) == ["free complete", "next cached", "read cached"])
        let status = try space.run("status").output
        #expect(
            status.split(separator: "\n").count { $0.contains("restored from run \(second)") } == 2,
            "\(status)")
        // Without the cache it runs, as it does after a change that nobody has kept.
        #expect(try space.run("--since", "HEAD").code == 0)
        #expect(ran(space) == ["free", "next", "read"])
        try space.file("docs/a.md", "y\n")
        #expect(try space.run("--since", "HEAD", "--cache").code == 0)
        #expect(ran(space) == ["free", "next", "read"])
        // What was made from something else is due too, and comes from the first run.
        try space.file("docs/a.md", "a\n")
        #expect(try space.run("--since", "HEAD", "--cache").code == 0)
        #expect(ran(space) == ["free"])
        #expect(try space.run("status").output.contains("restored from run \(run)"))
        #expect(space.text("state/read") == "a\n" && space.text("state/next") == "a\na\n")
        // What does not differ is not asked about, though the cache has it.
        #expect(try space.run("--since", "HEAD", "--cache").code == 0)
        #expect(ran(space) == ["free"])
        #expect(
            try CacheRunTests.statuses(space) == ["free complete", "next skipped", "read skipped"])
        #expect(try space.run("status").output.contains("unchanged since HEAD"))
    }

    @Test("an edited output of what differs is put right from the cache")
    func editedOutput() throws {
        let project = try project()
        let space = project.space
        try space.file("docs/a.md", "x\n")
        #expect(try space.run("--since", "HEAD", "--cache").code == 0)
        try space.file("state/read", "by hand\n")
        _ = ran(space)
        #expect(try space.run("--since", "HEAD", "--cache").code == 0)
        #expect(ran(space) == ["free"])
        #expect(space.text("state/read") == "x\n" && space.text("state/next") == "x\nx\n")
    }

    @Test("--force runs what the cache has, beside a revision too")
    func forced() throws {
        let project = try project()
        let space = project.space
        try space.file("docs/a.md", "x\n")
        for _ in 0..<2 {
            #expect(try space.run("--since", "HEAD", "--cache", "--force").code == 0)
            #expect(ran(space) == ["free", "next", "read"])
        }
    }

    @Test("a fresh clone takes what differs from a cache that others have filled")
    func clone() throws {
        let project = try project()
        let (space, place) = (project.space, try TestSpace())
        space.environment["STEPVISOR_CACHE"] = place.path("kept")
        try project.shell("echo x > docs/a.md; git commit -qam three")
        #expect(try space.run("--cache").code == 0)
        let run = space.latestRunID
        try project.shell("git clone -q . state/clone")
        let plan = try space.run("plan", "-C", "state/clone", "--since", "HEAD~1", "--cache")
        #expect(
            plan.output.contains(
                "[from the cache, as run \(run) made it: "
                    + "changed since HEAD~1: docs/a.md (edited); output missing: state/read]"),
            "\(plan)")
        #expect(
            plan.output.contains(
                "output missing: state/next, unless its outputs were kept: "
                    + "looked up when its turn comes]"), "\(plan)")
        let result = try space.run("-C", "state/clone", "--since", "HEAD~1", "--cache")
        #expect(result.code == 0, "\(result)")
        #expect(space.lines("state/clone/state/ran") == ["free"])
        #expect(space.text("state/clone/state/next") == "x\nx\n")
    }
}
