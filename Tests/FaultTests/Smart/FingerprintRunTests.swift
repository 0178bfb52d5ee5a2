import Execution
import Foundation
import Testing
import TestSupport

@Suite(
    "What a step is told and started by is part of what its result depends on",
    .timeLimit(.minutes(20)))
struct FingerprintRunTests {
    private func ran(
        _ space: TestSpace, _ arguments: String...
    ) throws -> [String] {
        try space.file("ran", "")
        let result = try space.start(["run"] + arguments).wait()
        #expect(result.code == 0, "\(result)")
        return space.lines("ran")
    }

    private func cause(_ step: String, in space: TestSpace) -> String {
        guard let run = try? LatestRun(in: space),
            let index = run.record.header.steps.firstIndex(where: { $0.id == step })
        else { return "" }
        return run.record.causes[index]?.text ?? ""
    }

    @Test("steps that differ by their id alone do not share a kept result")
    func ids() throws {
        let space = try TestSpace()
        try space.file("in", "1").file(
            "agent.sh", "echo \"who=$STEPVISOR_STEP\" > $STEPVISOR_OUTPUT\n")
        let step = "command = \"sh agent.sh\"\ninputs = [\"in\"]\n"
        try space.workflow(
            "[[steps]]\nid = \"review\"\n\(step)[[steps]]\nid = \"translate\"\n\(step)")
        for _ in 1...2 {
            let result = try space.run("run", "--cache")
            #expect(result.code == 0, "\(result)")
            for id in ["review", "translate"] {
                #expect(space.text(".stepvisor/latest/outputs/\(id)") == "who=\(id)\n")
            }
            try FileManager.default.removeItem(atPath: space.path(".stepvisor/known"))
        }
        #expect(try CacheRunTests.statuses(space) == ["review cached", "translate cached"])
    }

    @Test("the methods that may make a result count, with the scripts that they name")
    func methods() throws {
        let space = try TestSpace()
        let workflow = """
            [[steps]]
            id = "a"
            command = "echo a >> ran; false"
            backups = ["false", "sh gen.sh"]
            verify = "sh look.sh"
            inputs = ["in"]
            output_files = ["out"]
            """
        try space.file("in", "1").file("gen.sh", "echo 1 > out\n").file("look.sh", "true\n")
        try space.workflow(workflow)
        #expect(try ran(space, "--smart-execution") == ["a"])
        #expect(try ran(space, "--smart-execution") == [])
        try space.file("gen.sh", "echo 2 > out\n")
        #expect(try ran(space, "--smart-execution") == ["a"])
        #expect(cause("a", in: space) == "inputs changed: gen.sh (edited)")
        #expect(space.text("out") == "2\n")
        try space.file("look.sh", "[ -s out ]\n")
        #expect(try ran(space, "--smart-execution") == ["a"])
        try space.workflow(workflow.replacing("\"false\", ", with: ""))
        #expect(try ran(space, "--smart-execution") == ["a"])
        #expect(cause("a", in: space).contains("setting changed: backup 1 line: false → sh gen.sh"))
        #expect(try ran(space, "--smart-execution") == [])
    }

    @Test("which variables steps inherit counts, in whatever order they are named")
    func inherited() throws {
        let space = try TestSpace()
        func write(_ names: String) throws {
            try space.workflow(
                """
                [execution]
                pass_environment = [\(names)]
                [[steps]]
                id = "a"
                command = "echo a >> ran; echo \\"$FOO\\" > out"
                inputs = ["in"]
                output_files = ["out"]
                """)
        }
        try space.file("in", "1")
        space.environment["FOO"] = "foo"
        try write("\"PATH\"")
        #expect(try ran(space, "--smart-execution") == ["a"])
        try write("\"PATH\", \"FOO\"")
        #expect(try ran(space, "--smart-execution") == ["a"])
        #expect(cause("a", in: space) == "setting changed: pass_environment: PATH → FOO PATH")
        #expect(space.text("out") == "foo\n")
        try write("\"FOO\", \"PATH\"")
        #expect(try ran(space, "--smart-execution") == [])
    }

    @Test("two spellings of one letter are two commands")
    func spellings() throws {
        let project = try GitProject()
        func write(_ letter: String) throws {
            try project.space.workflow(
                """
                [[steps]]
                id = "a"
                command = ["sh", "-c", "printf %s \(letter) > state/out"]
                inputs = ["docs/a.md"]
                output_files = ["state/out"]
                """)
        }
        try project.space.directory("state")
        try write("\u{e9}")
        try project.shell("git add . && git commit -qm two")
        #expect(try project.space.run("run").code == 0)
        try write("e\u{301}")
        #expect(try project.run("run", "--since", "HEAD").code == 0)
        #expect(Array(project.space.text("state/out").utf8) == Array("e\u{301}".utf8))
        try write("\u{e9}")
        #expect(try project.run("run", "--smart-execution").code == 0)
        #expect(Array(project.space.text("state/out").utf8) == Array("\u{e9}".utf8))
    }

    @Test("a condition cannot tell a result that was kept from one that was made")
    func conditions() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "build"
            command = "cp in out"
            inputs = ["in"]
            output_files = ["out"]
            [[steps]]
            id = "deploy"
            command = "echo deploy >> ran"
            condition = "steps.build.status == 'complete'"
            inputs = ["other"]
            """)
        try space.file("in", "1").file("other", "1")
        #expect(try ran(space, "--cache") == ["deploy"])
        try FileManager.default.removeItem(atPath: space.path("out"))
        try space.file("other", "2")
        #expect(try ran(space, "--cache") == ["deploy"])
        #expect(try CacheRunTests.statuses(space) == ["build cached", "deploy complete"])
    }
}
