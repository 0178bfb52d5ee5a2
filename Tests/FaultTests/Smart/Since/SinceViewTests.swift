import Foundation
import Testing
import TestSupport

/// One way in which a project differs from a revision, and what is said of a step that reads `docs`.
struct SinceScene: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var change: String
    var revision = "HEAD"
    /// Why it runs; nil where it need not.
    var cause: String?

    init(_ name: String, _ change: String, since revision: String = "HEAD", _ cause: String?) {
        testDescription = name
        self.change = change
        self.revision = revision
        self.cause = cause
    }

    static let all: [SinceScene] = [
        SinceScene("nothing", "true", nil),
        SinceScene(
            "committed", "echo x > docs/a.md; git commit -qam two", since: "HEAD~1",
            "changed since HEAD~1: docs/a.md (edited)"),
        SinceScene("committed, seen from there", "echo x > docs/a.md; git commit -qam two", nil),
        SinceScene(
            "staged", "echo x > docs/a.md; git add .", "changed since HEAD: docs/a.md (edited)"),
        SinceScene("unstaged", "echo x > docs/a.md", "changed since HEAD: docs/a.md (edited)"),
        SinceScene(
            "staged, and taken back in the work tree",
            "echo x > docs/a.md; git add .; echo a > docs/a.md", nil),
        SinceScene("untracked", "echo x > docs/new.md", "changed since HEAD: docs/new.md (new)"),
        SinceScene("untracked elsewhere", "echo x > src/new.md", nil),
        SinceScene("ignored", "echo x > docs/new.log", nil),
        SinceScene("removed", "rm docs/b.md", "changed since HEAD: docs/b.md (removed)"),
        SinceScene(
            "renamed: both sides", "git mv docs/a.md docs/c.md",
            "changed since HEAD: docs/a.md (removed), docs/c.md (new)"),
        SinceScene(
            "renamed away", "git mv docs/a.md src/a.md",
            "changed since HEAD: docs/a.md (removed)"),
        SinceScene(
            "renamed hither, and committed",
            "git mv src/a.swift docs/a.swift; git commit -qm two", since: "HEAD~1",
            "changed since HEAD~1: docs/a.swift (new)"),
        SinceScene(
            "all of it",
            """
            echo x > docs/a.md; git commit -qam two; echo y > docs/b.md; git add .
            echo z > docs/z.md; echo w >> docs/a.md
            """, since: "HEAD~1",
            "changed since HEAD~1: docs/a.md (edited), docs/b.md (edited), docs/z.md (new)"),
    ]
}

@Suite("plan and why tell what --since would run", .timeLimit(.minutes(20)))
struct SinceViewTests {
    /// A step that reads `docs`, one that needs it, and one without inputs.
    private func project(_ change: String = "true") throws -> GitProject {
        let project = try GitProject()
        try project.space.workflow(
            TestSpace.step("read", "true", "inputs = [\"docs/**\"]")
                + TestSpace.step("next", "true", "inputs = [\"none\"]\ndependencies = [\"read\"]")
                + TestSpace.step("free", "true"))
        try project.shell("git add . && git commit -qm one && git tag start")
        try project.shell(change)
        return project
    }

    @Test(
        "committed, staged, unstaged, untracked and renamed files are the causes",
        arguments: SinceScene.all)
    func scenes(_ scene: SinceScene) throws {
        let project = try project(scene.change)
        let space = project.space
        let before = try space.looks()
        let plan = try project.run("plan", "--since", scene.revision).output
        let why = try project.run("why", "read", "--since", scene.revision).output
        let next = try project.run("why", "next", "--since", scene.revision).output
        if let cause = scene.cause {
            #expect(plan.contains("\n3 to run\n"), "\(plan)")
            #expect(plan.contains("  read  [runs: \(cause)]\n"), "\(plan)")
            #expect(why.hasPrefix("`read` has to run:\n  \(cause)\n"), "\(why)")
            #expect(next.hasPrefix("`next` has to run:\n  needs read, which runs\n"), "\(next)")
        } else {
            #expect(plan.contains("\n1 to run, 2 up to date\n"), "\(plan)")
            #expect(plan.contains("  read  [unchanged since \(scene.revision)]\n"), "\(plan)")
            #expect(
                why.hasPrefix(
                    "`read` need not run: it is unchanged since \(scene.revision)\n"), "\(why)")
            #expect(next.hasPrefix("`next` need not run: "), "\(next)")
        }
        let code = scene.cause == nil ? Int32(0) : 3
        #expect(
            try project.run("plan", "--exit-code", "--since", scene.revision, "next").code == code)
        #expect(try space.looks() == before)
        #expect(!space.exists(".stepvisor"))
    }

    @Test("a step without inputs runs, whatever the revision says")
    func withoutInputs() throws {
        let project = try project()
        let why = try project.run("why", "free", "--since", "HEAD").output
        #expect(why.hasPrefix("`free` has to run:\n  declares no `inputs`\n"), "\(why)")
        let plan = try project.run("plan", "--since", "HEAD", "--exit-code")
        #expect(plan.output.contains("  free  [runs: declares no `inputs`]\n"), "\(plan)")
        #expect(plan.code == 3)
        #expect(try project.run("plan", "--since", "HEAD", "--exit-code", "read").code == 0)
        // Not even by the cache, which has nothing of it.
        #expect(try project.run("run", "--since", "HEAD", "--cache").code == 0)
        #expect(try CacheRunTests.statuses(project.space).contains("free complete"))
    }

    @Test("programs get the same, with the revision")
    func json() throws {
        let project = try project("echo x > docs/a.md; echo y > src/y")
        let space = project.space
        let steps = try space.planned("--since", "start")
        #expect(steps["read"]?["state"] as? String == "due")
        let cause = try #require((steps["read"]?["causes"] as? [[String: Any]])?.first)
        #expect(cause["cause"] as? String == "changed_since")
        let detail = try #require((cause["details"] as? [[String: Any]])?.first)
        #expect(detail["subject"] as? String == "docs/a.md")
        #expect(detail["change"] as? String == "edited" && detail["old"] as? String == "start")
        let next = try space.object("why", "next", "--since", "start", "--json")
        let needs = try #require((next["causes"] as? [[String: Any]])?.first)
        #expect(needs["cause"] as? String == "dependency_runs")
        try project.shell("git checkout -q docs")
        let read = try space.object("why", "read", "--since", "start", "--json")
        #expect(read["state"] as? String == "up_to_date" && read["since"] as? String == "start")
    }

    @Test("where git cannot tell, nothing is said but that", arguments: ["plan", "why"])
    func troubles(command: String) throws {
        let project = try project()
        let words = command == "why" ? ["why", "read"] : ["plan"]
        func expectError(_ revision: String, _ texts: String...) throws {
            let result = try project.space.start(words + ["--since", revision]).wait(seconds: 60)
            #expect(result.code == 2 && result.output == "", "\(result)")
            for text in texts { #expect(result.error.contains(text), "\(result)") }
        }
        try expectError("nope", "git knows no commit `nope` here", "`git fetch`")
        try expectError("HEAD..HEAD", "git knows no commit")
        try project.shell("rm -rf .git")
        try expectError("HEAD", "is in no git repository", "in a clone")
        #expect(!project.space.exists(".stepvisor"))
    }
}
