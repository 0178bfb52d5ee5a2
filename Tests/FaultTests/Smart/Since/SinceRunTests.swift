import Foundation
import Testing
import TestSupport

@Suite("--since runs what differs from a revision, and what needs that", .timeLimit(.minutes(20)))
struct SinceRunTests {
    /// A chain of two steps, one beside it, one without inputs, and one whose script is its own.
    private static let workflow = """
        [[steps]]
        id = "read"
        command = "cat docs/*.md > state/read; echo read >> state/ran"
        inputs = ["docs/**"]
        [[steps]]
        id = "next"
        command = "echo next >> state/ran"
        inputs = ["state/read"]
        dependencies = ["read"]
        [[steps]]
        id = "beside"
        command = "echo beside >> state/ran; echo x > state/beside.out"
        inputs = ["src/*.swift"]
        output_files = ["state/beside.out"]
        environment = { A = "a" }
        [[steps]]
        id = "plain"
        command = "echo plain >> state/ran"
        [[steps]]
        id = "script"
        command = ["sh", "tools/x.sh"]
        inputs = ["data/**"]

        """

    /// A project with a commit in which `beside` has its output.
    private func project() throws -> GitProject {
        let project = try GitProject()
        try project.space.workflow(Self.workflow)
        try project.space.file("tools/x.sh", "echo script >> state/ran\n")
        try project.space.file("state/beside.out", "x")
        try project.shell("git add . && git commit -qm two")
        return project
    }

    /// The steps that a run with these words starts, in alphabetical order, joined by commas.
    private func ran(_ project: GitProject, _ words: String...) throws -> String {
        try project.shell("rm -f state/ran")
        let result = try project.space.start(["run"] + words).wait()
        guard result.code == 0 else { return "\(result)" }
        return project.space.lines("state/ran").sorted().joined(separator: ",")
    }

    @Test("a change runs the steps that read it, and those that need them")
    func changes() throws {
        let project = try project()
        #expect(try ran(project, "--since", "HEAD") == "plain")
        try project.shell("echo x > docs/a.md")
        #expect(try ran(project, "--since", "HEAD") == "next,plain,read")
        // It differs still, though it has succeeded since.
        #expect(try ran(project, "--since", "HEAD") == "next,plain,read")
        #expect(try ran(project, "--since", "HEAD", "--skip", "read") == "plain")
        #expect(try ran(project, "--since", "HEAD", "--force") == "beside,next,plain,read,script")
        try project.shell("git commit -qam three")
        #expect(try ran(project, "--since", "HEAD") == "plain")
        #expect(try ran(project, "--since", "HEAD~1", "--parallel") == "next,plain,read")
        try project.shell("git rm -q docs/b.md; echo a > docs/a.md")
        #expect(try ran(project, "--since", "HEAD~1") == "next,plain,read")
        try project.shell("git reset -q --hard; echo 'echo script >> state/ran # x' > tools/x.sh")
        // What was made from something else in between is as little up to date as what differs.
        #expect(try ran(project, "--since", "HEAD") == "next,plain,read,script")
        #expect(try ran(project, "--since", "HEAD") == "plain,script")
    }

    @Test("an output that is not there runs its step")
    func outputs() throws {
        let project = try project()
        try project.shell("rm state/beside.out")
        let before = project.space.tree()
        #expect(try project.run("run", "--since", "HEAD", "--dry-run").code == 0)
        #expect(project.space.tree() == before)
        #expect(try ran(project, "--since", "HEAD") == "beside,plain")
    }

    @Test("a fresh clone without any state is compared as well")
    func clone() throws {
        let project = try project()
        try project.shell(
            """
            echo x > docs/a.md; git commit -qam three; git clone -q . state/clone
            mkdir state/clone/state; touch state/clone/state/beside.out
            """)
        let result = try project.run("run", "-C", "state/clone", "--since", "HEAD~1")
        #expect(result.code == 0, "\(result)")
        #expect(project.space.lines("state/clone/state/ran") == ["read", "next", "plain"])
        let status = try project.run("status", "-C", "state/clone")
        #expect(status.output.contains("unchanged since HEAD~1"), "\(status)")
    }

    @Test("of a workflow file that differs, the steps run that it declares otherwise")
    func declarations() throws {
        let project = try project()
        let text = project.space.text("workflow.toml")
        func run(with changed: String) throws -> String {
            try project.space.workflow(changed)
            return try ran(project, "--since", "HEAD")
        }
        let more =
            "[[steps]]\nid = \"more\"\ncommand = 'echo more >> state/ran'\ninputs = ['none']\n"
        #expect(try run(with: "# words\n" + text) == "plain")
        #expect(try run(with: text + more) == "more,plain")
        #expect(try run(with: text.replacing("A = \"a\"", with: "A = \"b\"")) == "beside,plain")
        // `beside` was last made by the other declaration.
        #expect(
            try run(with: text.replacing("cat docs/*.md", with: "ls")) == "beside,next,plain,read")
        #expect(
            try run(with: "[environment]\nB = \"b\"\n" + text) == "beside,next,plain,read,script")
        // The file was not valid then.
        try project.space.workflow("steps = 1")
        try project.shell("git commit -qam broken")
        #expect(try run(with: text) == "beside,next,plain,read,script")
        // It was not there.
        try project.shell("git rm -qf workflow.toml; git commit -qm none")
        #expect(try run(with: text) == "beside,next,plain,read,script")
    }

    @Test("settings of included files, and of a directory of steps, are declarations too")
    func includes() throws {
        let project = try GitProject()
        try project.space.workflow(
            "[composition]\nincludes = [\"parts/a.toml\", \"parts/b.toml\"]\n")
        for name in ["a", "b"] {
            try project.space.file(
                "parts/\(name).toml",
                """
                [[steps]]
                id = "\(name)"
                command = "echo \(name)$V >> state/ran"
                inputs = ["docs/none"]
                """)
        }
        try project.shell("mkdir state; git add . && git commit -qm two")
        #expect(try ran(project, "--since", "HEAD") == "")
        try project.shell("printf '[environment]\\nV = \"1\"\\n' | cat - parts/a.toml > state/x")
        try project.shell("mv state/x parts/a.toml")
        #expect(try ran(project, "--since", "HEAD") == "a1")
        try project.shell("git reset -q --hard; git rm -qr parts workflow.toml")
        try project.space.step("one.sh", ["inputs = [\"docs/none\"]"], "echo one >> state/ran")
        try project.space.file("steps/workflow.toml", "[environment]\nV = \"1\"\n")
        try project.shell("git add . && git commit -qm three")
        #expect(try ran(project, "--since", "HEAD") == "")
        try project.shell("rm steps/workflow.toml")
        #expect(try ran(project, "--since", "HEAD") == "one")
    }

    @Test("a revision that git does not know, or no repository, is no guess: nothing runs")
    func troubles() throws {
        let project = try project()
        for words in [
            ["run", "--since", "nope"], ["run", "--since=-x"], ["run", "-n", "--since", "x"],
        ] {
            let result = try project.space.start(words).wait()
            #expect(result.code == 2, "\(words) \(result)")
        }
        try project.shell("rm -rf .git")
        #expect(try project.run("run", "--since", "HEAD").code == 2)
        #expect(!project.space.exists("state/ran"))
    }
}
