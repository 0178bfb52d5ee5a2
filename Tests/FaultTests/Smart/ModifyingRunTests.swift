import Foundation
import Testing
import TestSupport

@Suite("Steps that change files in place run in every smart run", .timeLimit(.minutes(20)))
struct ModifyingRunTests {
    /// `make` writes a file that `shout` changes in place and `use` reads after it; `early` reads it
    /// before, and `quiet` depends on `shout` without saying that it reads the file.
    private static let workflow = """
        [[steps]]
        id = "make"
        command = "echo make >> state/ran; cp in.txt state/made.txt"
        inputs = ["in.txt"]
        output_files = ["state/made.txt"]
        [[steps]]
        id = "early"
        command = "echo early >> state/ran; cp state/made.txt state/early.txt"
        inputs = ["state/made.txt"]
        output_files = ["state/early.txt"]
        [[steps]]
        id = "shout"
        dependencies = ["early"]
        command = "echo shout >> state/ran; cat state/extra >> state/made.txt"
        inputs = ["other.txt"]
        modifies = ["state/made.txt"]
        [[steps]]
        id = "use"
        dependencies = ["shout"]
        command = "echo use >> state/ran; cp state/made.txt state/used.txt"
        inputs = ["state/made.txt"]
        output_files = ["state/used.txt"]
        [[steps]]
        id = "quiet"
        dependencies = ["shout"]
        command = "echo quiet >> state/ran; cp state/made.txt state/quiet.txt"
        inputs = ["other.txt"]
        output_files = ["state/quiet.txt"]

        """

    private func project() throws -> GitProject {
        let project = try GitProject()
        try project.space.workflow(Self.workflow)
        try project.space.file("in.txt", "one\n").file("other.txt", "x").file(
            "state/extra", "more\n")
        try project.shell("git add . && git commit -qm two")
        return project
    }

    private func ran(_ project: GitProject, _ options: [String]) throws -> [String] {
        try project.shell("rm -f state/ran")
        let result = try project.space.start(["run"] + options).wait()
        #expect(result.code == 0, "\(result)")
        return project.space.lines("state/ran").sorted()
    }

    private func expectResults(
        _ space: TestSpace, _ made: String, _ comment: Comment,
        at location: SourceLocation = #_sourceLocation
    ) {
        let all = ["state/early.txt", "state/made.txt", "state/used.txt", "state/quiet.txt"].map {
            space.text($0)
        }
        let whole = made + space.text("state/extra")
        #expect(all == [made, whole, whole, whole], comment, sourceLocation: location)
    }

    static let ways = [
        ["--smart-execution"], ["--smart-execution", "-j", "4"], ["--cache"],
        ["--cache", "--parallel"],
    ]

    @Test("whatever has happened, the files come out as a full run makes them", arguments: ways)
    func same(options: [String]) throws {
        let project = try project()
        let space = project.space
        #expect(try ran(project, options).count == 5)
        expectResults(space, "one\n", "the first run")
        for round in 1...2 {
            let ran = try ran(project, options)
            #expect(ran.contains("shout") && !ran.contains("use"), "\(ran)")
            #expect(!ran.contains("early") && !ran.contains("quiet"), "\(ran)")
            #expect(ran.contains("make") || options.contains("--cache"), "\(ran)")
            expectResults(space, "one\n", "nothing has changed, \(round)")
        }
        try space.file("in.txt", "two\n")
        #expect(try ran(project, options).count == 5)
        expectResults(space, "two\n", "another input")
        try space.file("state/extra", "again\n")
        let other = try ran(project, options)
        #expect(other.contains("use") && other.contains("quiet"), "\(other)")
        expectResults(space, "two\n", "what the step that changes has not declared")
        try space.file("state/made.txt", "by hand\n")
        _ = try ran(project, options)
        expectResults(space, "two\n", "changed by hand")
        try space.file("in.txt", "one\n")
        _ = try ran(project, options)
        expectResults(space, "one\n", "put back")
    }

    @Test("compared with a revision they run too, and what they change is made anew before")
    func since() throws {
        let project = try project()
        #expect(try ran(project, []).count == 5)
        for round in 1...2 {
            #expect(try ran(project, ["--since", "HEAD"]).count == 5)
            expectResults(project.space, "one\n", "\(round)")
        }
        let causes = project.space.text(".stepvisor/latest/events.ndjson")
        #expect(causes.contains("\"output_modified\"") && causes.contains("\"modifies_files\""))
        // Where nobody changes it any more, what was changed is not as it was left, as it is in a
        // run that compares with what is known alone; once made anew, it is.
        #expect(try ran(project, ["--since", "HEAD", "--only", "make"]) == ["make"])
        #expect(try ran(project, ["--since", "HEAD", "--only", "make"]) == [])
    }

    @Test("a step that died half way through its change loses nothing")
    func cutOff() throws {
        let project = try project()
        #expect(try ran(project, ["--smart-execution"]).count == 5)
        try project.space.workflow(
            Self.workflow.replacing(
                "cat state/extra >>", with: "echo half > state/made.txt; exit 1; echo >>"))
        #expect(try project.space.run("run", "--smart-execution").code == 1)
        #expect(project.space.text("state/made.txt") == "half\n")
        try project.space.workflow(Self.workflow)
        _ = try ran(project, ["--smart-execution"])
        expectResults(project.space, "one\n", "after a failure")
    }

    @Test("check, plan and why say so, and such a step cannot be marked")
    func words() throws {
        let project = try project()
        let space = project.space
        #expect(try ran(project, ["--smart-execution"]).count == 5)
        let check = try space.run("check")
        #expect(
            check.error.contains(
                "step changes files in place (`modifies`) and always runs: `shout`"),
            "\(check)")
        #expect(!check.error.contains("declare no `inputs`"), "\(check)")
        #expect(
            try space.run("why", "shout").output.contains("changes files in place (`modifies`)"))
        #expect(try space.run("plan", "--smart-execution", "--exit-code").code == 3)
        let mark = try space.run("mark", "shout")
        #expect(mark.code == 2)
        #expect(mark.error.contains("`shout` changes files in place (`modifies`)"), "\(mark)")
    }
}
