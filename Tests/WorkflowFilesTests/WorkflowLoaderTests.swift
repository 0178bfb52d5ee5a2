import DependencyGraph
import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Loading workflows")
struct WorkflowLoaderTests {
    private let plain = "[[steps]]\nid = \"a\"\n"

    @Test("the nearest directory upwards with a workflow file or a steps directory is the project")
    func search() throws {
        let project = try TemporaryProject()
        try project.write("workflow.toml", plain)
        try project.writeStep("inner/steps/b.sh")
        try project.makeDirectory("inner/deep/er")

        let inner = WorkflowLoader.load(
            path: nil, workingDirectory: project.path + "/inner/deep/er")
        #expect(inner.diagnostics == [])
        #expect(inner.projectRoot == project.path + "/inner")
        #expect(inner.path == "../../steps")
        #expect(inner.workflow.steps.map(\.command) == [.script("steps/b.sh")])

        let outer = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(outer.projectRoot == project.path)
        #expect(outer.path == "workflow.toml")
        #expect(outer.resolved?.graph.nodes == [StepID("a")])
    }

    @Test(
        "from inside the steps directory, places are named as they would be typed there",
        arguments: [("steps", "a.sh"), ("steps/sub", "../a.sh"), (".", "steps/a.sh")])
    func placesFromInside(directory: String, shown: String) throws {
        let project = try TemporaryProject()
        try project.writeStep("steps/a.sh", "id = ")
        try project.write("steps/tool", "#!/bin/sh\n", isExecutable: true)
        try project.makeDirectory("steps/sub")
        let from = directory == "." ? project.path : project.path + "/" + directory
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: from)
        #expect(loaded.files.files.map(\.path).contains(shown))
        let tool = shown.replacing("a.sh", with: "tool")
        #expect(loaded.diagnostics.contains { $0.message.hasPrefix("`\(tool)` has no header") })
        #expect(loaded.projectRoot == project.path)
    }

    @Test("a workflow file wins over a steps directory beside it")
    func fileWins() throws {
        let project = try TemporaryProject()
        try project.write("workflow.toml", plain)
        try project.writeStep("steps/b.sh")
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["a"])
    }

    @Test("a named file may be TOML or JSON, and its directory is the project root")
    func namedFile() throws {
        let project = try TemporaryProject()
        try project.write("sub/flow.json", #"{"steps": [{"id": "j", "timeout": 2}]}"#)
        try project.write("sub/other.toml", plain)
        let json = WorkflowLoader.load(path: "sub/flow.json", workingDirectory: project.path)
        #expect(json.diagnostics == [])
        #expect(json.resolved?.workflow.steps[0].timeout == .seconds(2))
        #expect(json.resolved?.workflow.name == "sub")
        #expect(json.projectRoot == project.path + "/sub")
        let toml = WorkflowLoader.load(path: "sub/other.toml", workingDirectory: project.path)
        #expect(toml.resolved != nil)
    }

    @Test("step files are steps in the order of their numbers, with ids from their names")
    func stepFiles() throws {
        let project = try TemporaryProject()
        try project.writeStep("steps/step_10_pack.sh", "dependencies = [\"test\"]")
        try project.writeStep("steps/step_2_test.sh", "inputs = [\"src/*\"]")
        try project.writeStep("steps/other.v2.py", "id = \"named\"")
        try project.write("steps/README.md", "words\n")
        try project.write("steps/helper.sh", "#!/bin/sh\n", isExecutable: true)
        try project.write("steps/.hidden", "words\n", isExecutable: true)
        try project.writeStep("steps/below/deep.sh")
        let loaded = WorkflowLoader.load(path: "steps", workingDirectory: project.path)
        let resolved = try #require(loaded.resolved)
        #expect(resolved.workflow.steps.map(\.id.rawValue) == ["named", "test", "pack"])
        #expect(
            resolved.workflow.steps.map(\.command) == [
                .script("steps/other.v2.py"), .script("steps/step_2_test.sh"),
                .script("steps/step_10_pack.sh"),
            ])
        #expect(
            loaded.diagnostics.map { "\($0.severity) \($0.message)" } == [
                "note `steps/.hidden` is passed over: the name is that of a copy left behind by an "
                    + "editor, a merge or a package manager",
                "note `steps/README.md` has no header, so it is not a step",
                "warning `steps/helper.sh` has no header, so it is not a step",
            ])
        #expect(loaded.projectRoot == project.path)
    }

    @Test("a directory's workflow file adds settings and further steps")
    func directoryWithSettings() throws {
        let project = try TemporaryProject()
        try project.writeStep("steps/a.sh")
        try project.write(
            "steps/workflow.toml",
            "name = \"both\"\n[execution]\nmax_parallel_steps = 2\n"
                + "[[steps]]\nid = \"b\"\ndependencies = [\"a\"]\n")
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        let resolved = try #require(loaded.resolved)
        #expect(resolved.workflow.name == "both")
        #expect(resolved.workflow.steps.map(\.id.rawValue) == ["a", "b"])
        #expect(resolved.workflow.execution.maxParallelSteps == 2)
        #expect(Array(resolved.graph.dependencies(of: 1)) == [0])
    }

    @Test("a directory that holds only a workflow file is its project")
    func directoryOfFile() throws {
        let project = try TemporaryProject()
        try project.write("workflow.toml", plain)
        let loaded = WorkflowLoader.load(path: ".", workingDirectory: project.path)
        #expect(loaded.resolved != nil)
        #expect(loaded.projectRoot == project.path)
    }

    @Test("a step that two files declare is shown in both")
    func declaredTwice() throws {
        let project = try TemporaryProject()
        try project.writeStep("steps/a.sh")
        try project.write("steps/workflow.toml", plain)
        try project.writeStep("steps/step_01_a.py")
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(loaded.resolved == nil)
        #expect(
            Set(loaded.diagnostics.map { loaded.files.render($0) }) == [
                """
                steps/step_01_a.py:2:1: error: step `a` is declared twice
                    2 | # /// step
                      | ^^^^^^^^^^
                      = help: give one of them another id
                steps/a.sh:2:1: note: first declared here

                """,
                """
                steps/workflow.toml:2:6: error: step `a` is declared twice
                    2 | id = "a"
                      |      ^^^
                      = help: give one of them another id
                steps/a.sh:2:1: note: first declared here

                """,
            ])
    }

    @Test(
        "a step whose id cannot be read brings no further mistakes with it",
        arguments: ["id \"a\"", "id = a", "id = \"a"])
    func unreadableID(line: String) throws {
        let project = try TemporaryProject()
        let other = "[[steps]]\nid = \"b\"\ndependencies = [\"a\"]\nretries = -1\n"
        try project.write("workflow.toml", "[[steps]]\n\(line)\ncommand = \"x\"\n\(other)")
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        let lines = loaded.diagnostics.map { $0.range.map { loaded.files.position(of: $0).line } }
        // The mistake itself, and one that has nothing to do with it.
        #expect(lines == [2, 7], "\(loaded.diagnostics.map(\.message))")
        #expect(loaded.resolved == nil)
    }

    @Test("a step without id is said in a file that can be read, whatever is wrong in another")
    func missingID() throws {
        let project = try TemporaryProject()
        try project.writeStep("steps/a.sh", "inputs = x")
        try project.write("steps/workflow.toml", "[[steps]]\ncommand = \"x\"\n")
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(loaded.diagnostics.map(\.message).contains("a step has no `id`"))
    }

    @Test("beyond twenty mistakes their number is an error too, so that a run says it")
    func manyMistakes() throws {
        let project = try TemporaryProject()
        let steps = String(repeating: "[[steps]]\nid \"a\"\n", count: 5000)
        try project.write("workflow.toml", steps)
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        let errors = loaded.diagnostics.filter { $0.severity == .error }.map(\.message)
        #expect(errors.count == 21)
        #expect(errors.last == "and more than 1000 more errors in this file")
    }

    @Test("a step file is its own command")
    func commandInHeader() throws {
        let project = try TemporaryProject()
        try project.writeStep("steps/a.sh", "command = \"x\"")
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(loaded.diagnostics.map(\.message) == ["a step file is its own command"])
        #expect(loaded.resolved == nil)
    }

    @Test("a link that leads out of the project is refused, one that stays inside is not")
    func links() throws {
        let outside = try TemporaryProject()
        try outside.writeStep("x.sh")
        let project = try TemporaryProject()
        try project.writeStep("scripts/in.sh")
        try project.makeDirectory("steps")
        try project.link("steps/in.sh", to: "../scripts/in.sh")
        let inside = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(inside.diagnostics == [])
        try project.link("steps/gone.sh", to: "nowhere")
        let broken = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(broken.diagnostics.map(\.severity) == [.warning])
        #expect(broken.resolved != nil)
        try project.link("steps/out.sh", to: outside.path + "/x.sh")
        let refused = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(
            refused.diagnostics.filter { $0.severity == .error }.map(\.message) == [
                "`steps/out.sh` is a link that leads out of the project"
            ])
        #expect(refused.resolved == nil)
    }

    @Test(
        "what cannot be loaded is said once, with a way out",
        arguments: [
            ("missing.toml", ["there is no file `missing.toml`"]),
            ("", ["the path of the file is empty"]),
            ("empty\0x", ["`empty\0x` is no file name"]),
            ("empty", ["`empty` holds neither a step file nor a `workflow.toml`"]),
            ("empty.toml", ["`empty.toml` is empty, and a workflow without steps is invalid"]),
            ("nul.toml", ["the file holds a NUL byte, so it is not a text file"]),
            ("pipe/workflow.toml/x", ["there is no file `pipe/workflow.toml/x`"]),
        ] as [(String, [String])])
    func failures(path: String, messages: [String]) throws {
        let project = try TemporaryProject()
        try project.makeDirectory("empty")
        try project.write("empty.toml", "")
        try project.write("nul.toml", "a = 1\n\0")
        let loaded = WorkflowLoader.load(path: path, workingDirectory: project.path)
        #expect(loaded.diagnostics.map(\.message) == messages)
        #expect(loaded.diagnostics.allSatisfy { $0.help != nil })
        #expect(loaded.resolved == nil)
    }

    @Test("without any workflow the error says how to write one")
    func nothingFound() throws {
        let project = try TemporaryProject()
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(
            loaded.diagnostics.map(\.message) == [
                "there is neither a `workflow.toml` nor a directory `steps/` here or above"
            ])
        #expect(loaded.path == nil && loaded.resolved == nil)
    }
}
