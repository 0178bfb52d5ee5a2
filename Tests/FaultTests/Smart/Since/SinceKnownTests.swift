import Foundation
import Testing
import TestSupport

@Suite("--since heeds what is known of steps beside the revision", .timeLimit(.minutes(20)))
struct SinceKnownTests {
    /// A project in one commit whose step `copy` makes `made` from `source`, and dies where `crash` is.
    private func project() throws -> GitProject {
        let project = try GitProject()
        try project.space.workflow(
            TestSpace.step(
                "copy",
                "echo part > made; if [ -e state/crash ]; then kill -9 $PPID; sleep 100; fi; cat source > made",
                "inputs = [\"source\"]\noutput_files = [\"made\"]"))
        try project.space.file("source", "one\n")
        try project.space.file("made", "one\n")
        try project.shell("mkdir state; git add . && git commit -qm two")
        return project
    }

    /// What `why` says, and what a run makes of it; nothing where it does not run.
    private func cause(_ project: GitProject) throws -> String {
        let why = try project.run("why", "copy", "--since", "HEAD").output
        let plan = try project.run("plan", "--since", "HEAD").output
        let run = try project.run("run", "--since", "HEAD")
        guard run.code == 0 else { return "\(run)" }
        guard why.hasPrefix("`copy` has to run:\n") else {
            #expect(plan.contains("unchanged since HEAD"), "\(plan)")
            #expect(!run.error.contains("ok "), "\(run)")
            return ""
        }
        let causes = why.split(separator: "\n").dropFirst().prefix { $0.hasPrefix("  ") }
        let text = causes.map { $0.dropFirst(2) }.joined(separator: "; ")
        #expect(plan.contains("[runs: \(text)]"), "\(plan)")
        #expect(run.error.contains(": \(text)\n"), "\(run)")
        return text
    }

    @Test("a step that was killed half way runs, though nothing differs from the revision")
    func interrupted() throws {
        let project = try project()
        #expect(try cause(project) == "")
        try project.shell("touch state/crash")
        _ = try project.run("run")
        #expect(project.space.text("made") == "part\n")
        try project.shell("rm state/crash; git checkout -q made")
        #expect(try cause(project) == "did not end well when it last ran")
        #expect(project.space.text("made") == "one\n")
        #expect(try cause(project) == "")
    }

    @Test("what was made from something else, or was changed by hand or forgotten, runs")
    func different() throws {
        let project = try project()
        try project.space.file("source", "two\n")
        #expect(try cause(project) == "changed since HEAD: source (edited)")
        #expect(try cause(project) == "changed since HEAD: source (edited)")
        try project.shell("git checkout -q source")
        #expect(project.space.text("made") == "two\n")
        #expect(try cause(project) == "inputs changed: source (edited)")
        #expect(project.space.text("made") == "one\n")
        #expect(try cause(project) == "")
        try project.space.file("made", "by hand\n")
        #expect(try cause(project) == "output is not as it was left: made (edited)")
        #expect(project.space.text("made") == "one\n")
        #expect(try project.run("forget", "copy").code == 0)
        #expect(try cause(project) == "forgotten by `stepvisor forget`")
        try project.space.file("source", "three\n")
        #expect(
            try cause(project)
                == "changed since HEAD: source (edited); inputs changed: source (edited)")
        // Where nothing at all is known the revision alone decides.
        try project.shell("git checkout -q source; rm -r .stepvisor")
        #expect(try cause(project) == "")
        #expect(project.space.text("made") == "three\n")
    }

    /// `score` writes a result, `use` has a condition that names it, `other` needs it.
    private func results() throws -> GitProject {
        let project = try GitProject()
        try project.space.workflow(
            TestSpace.step(
                "score", "echo score=9 > $STEPVISOR_OUTPUT; echo score >> state/ran",
                "inputs = [\"docs/**\"]")
                + TestSpace.step(
                    "use", "cat $STEPVISOR_OUTPUTS/score >> state/ran",
                    "inputs = [\"src/**\"]\ncondition = \"steps.score.score > 5\"")
                + TestSpace.step(
                    "other", "echo other >> state/ran",
                    "inputs = [\"none\"]\ndependencies = [\"score\"]"))
        try project.shell("mkdir state; git add . && git commit -qm two")
        return project
    }

    @Test("a result that is known is given to the run; where none is, its step runs for who asks")
    func conditions() throws {
        let project = try results()
        let space = project.space
        #expect(try project.run("run", "--since", "HEAD").code == 0)
        #expect(space.lines("state/ran") == [])
        try project.shell("echo x > src/a.swift")
        let plan = try project.run("plan", "--since", "HEAD").output
        #expect(
            plan.contains("[runs: its result is not here, and a condition asks for it: use]\n"),
            "\(plan)")
        let first = try project.run("run", "--since", "HEAD")
        #expect(first.code == 0, "\(first)")
        #expect(space.lines("state/ran").sorted() == ["other", "score", "score=9"])
        try project.shell("rm state/ran")
        let second = try project.run("run", "--since", "HEAD")
        #expect(second.code == 0, "\(second)")
        #expect(space.lines("state/ran") == ["score=9"])
    }
}
