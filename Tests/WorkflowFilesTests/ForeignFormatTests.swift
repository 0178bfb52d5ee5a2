import Testing
import TestSupport
import WorkflowFiles
import WorkflowModel

@Suite("Files that are no workflow")
struct ForeignFormatTests {
    /// A file with what is said of it.
    struct File: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        let says: String

        init(_ name: String, _ text: String, says: String) {
            self.name = name
            self.text = text
            self.says = says
        }

        var testDescription: String { "\(name): \(says)" }
    }

    static let yaml = "on: push\njobs:\n  build:\n    steps:\n      - run: make\n      - run: x=1\n"
    static let taskList = "# Tasks\n\n- [ ] T001 [P] Write `a`: the first\n- [X] T002 Then b\n"
    static let makefile = "CC := gcc\n\nall: a\n\techo done\na: b\n\ttouch a\n"
    static let justfile = "set shell := [\"sh\"]\n\nbuild:\n  cargo build\n"
    static let taskmaster = """
        {"master": {"tasks": [{"id": 1, "title": "A", "description": "b", "status": "pending",
         "dependencies": [], "priority": "high", "subtasks": []}]}}
        """

    static let files = [
        File("flow.yaml", yaml, says: "is YAML"), File("Taskfile.yml", yaml, says: "is YAML"),
        File("flow", yaml, says: "is YAML"), File("workflow.toml", yaml, says: "is YAML"),
        File("c.yaml", "# Nothing but a comment\n", says: "is YAML"),
        File("tasks.md", taskList, says: "is a task list (Markdown)"),
        File("list", taskList, says: "is a task list (Markdown)"),
        File("README.md", "# Words\n\nMore of them.\n", says: "is Markdown"),
        File("Makefile", makefile, says: "is a Makefile"),
        File("rules", makefile, says: "is a Makefile"),
        File("justfile", justfile, says: "is a justfile"),
        File("x.just", justfile, says: "is a justfile"),
        File("Dockerfile", "FROM alpine\nRUN true\n", says: "is a Dockerfile"),
        File("image", "FROM alpine\nRUN true\n", says: "is a Dockerfile"),
        File("build.xml", "<project><target/></project>", says: "is XML"),
        File("page", "<!doctype html>\n<p>", says: "is XML or HTML"),
        File("a.sh", "#!/bin/sh\nset -e\n", says: "is a shell script"),
        File("a", "#!/usr/bin/env python3\nprint(1)\n", says: "is a script"),
        File("tasks.json", taskmaster, says: "is a task list of task-master-ai"),
        File(
            "old.json", #"{"tasks": [{"id": 1, "title": "A", "status": "done"}]}"#,
            says: "is a task list of task-master-ai"),
        File(
            "package.json", #"{"name": "x", "scripts": {"a": "b"}}"#,
            says: "is the manifest of an npm package"),
        File(
            "any.json", #"{"a": 1, "b": []}"#,
            says: "is JSON of another kind (it holds `a` and `b`)"),
        File("flow", #"{"steps": []}"#, says: "is JSON by its look"),
        File("Cargo.toml", "[package]\nname = \"x\"\n", says: "is the manifest of a Rust package"),
        File("a.ini", "[a]\nb = c d\n", says: "is an INI file"),
        File("program", "\u{7F}ELF\0\0", says: "is a compiled program"),
    ]

    private static func load(_ name: String, _ text: String) throws -> LoadedWorkflow {
        let project = try TemporaryProject()
        try project.write(name, text)
        return WorkflowLoader.load(path: name, workingDirectory: project.path)
    }

    @Test("one sentence names the file and its format, and says what is read", arguments: files)
    func named(file: File) throws {
        let loaded = try Self.load(file.name, file.text)
        #expect(loaded.diagnostics.count == 1, "\(loaded.diagnostics)")
        let only = try #require(loaded.diagnostics.first)
        #expect(only.severity == .error)
        #expect(only.message.hasPrefix("`\(file.name)` \(file.says)"), "\(only.message)")
        #expect(only.message.contains("which is not read"), "\(only.message)")
        #expect(only.help != nil)
        #expect(loaded.resolved == nil)
    }

    @Test("where another file includes it, the place of the include is shown", arguments: files)
    func included(file: File) throws {
        let project = try TemporaryProject()
        try project.write("parts/" + file.name, file.text)
        try project.write(
            "main.toml",
            "[composition]\nincludes = [\"parts/\(file.name)\"]\n[[steps]]\nid = \"a\"\n")
        let loaded = WorkflowLoader.load(path: "main.toml", workingDirectory: project.path)
        #expect(loaded.diagnostics.count == 1, "\(loaded.diagnostics)")
        let only = try #require(loaded.diagnostics.first)
        #expect(only.message.hasPrefix("`parts/\(file.name)` \(file.says)"), "\(only.message)")
        #expect(only.range.map { loaded.files.position(of: $0).line } == 2)
    }

    @Test(
        "a workflow is one whatever its name",
        arguments: ["flow.conf", "flow.yaml", "tasks.txt", "a.sh", "Makefile", "package"])
    func anyName(name: String) throws {
        let loaded = try Self.load(name, "#!/usr/bin/env stepvisor\n[[steps]]\nid = \"a\"\n")
        #expect(loaded.diagnostics == [])
        #expect(loaded.resolved != nil && loaded.workflow.steps.count == 1)
    }

    @Test(
        "the mistakes of a workflow are told one by one",
        arguments: [
            ("name: \"x\"\n[[steps]]\nid = \"a\"\n", "`:` where `=` belongs"),
            (
                "[[steps]]\nid = \"a\"\ncommand = \"\"\"\nfor: a\nfor: b\n\tfor: c\n- d\n\"\"\"\nx y\n",
                "nothing assigned to `x`"
            ),
        ])
    func mistakes(text: String, message: String) throws {
        for name in ["workflow.toml", "flow"] {
            let loaded = try Self.load(name, text)
            #expect(!loaded.diagnostics.isEmpty)
            #expect(!loaded.diagnostics.contains { $0.message.contains("which is not read") })
        }
    }

    @Test(
        "a file without steps is named",
        arguments: [
            ("empty.toml", "", "`empty.toml` is empty"), ("a.json", "", "`a.json` is empty"),
            ("blank.toml", "\n \n", "`blank.toml` is empty"),
            ("words.toml", "# Only words\n", "`words.toml` holds no steps"),
            ("a.json", #"{"name": "x"}"#, "`a.json` holds no steps"),
        ])
    func withoutSteps(name: String, text: String, message: String) throws {
        let loaded = try Self.load(name, text)
        #expect(
            loaded.diagnostics.map(\.message) == [
                message + ", and a workflow without steps is invalid"
            ])
    }

    @Test("of a step file the directory is named that it belongs to")
    func stepFile() throws {
        let project = try TemporaryProject()
        try project.writeStep("steps/step_02_links.sh")
        let loaded = WorkflowLoader.load(
            path: "steps/step_02_links.sh", workingDirectory: project.path)
        #expect(
            loaded.diagnostics.map(\.message) == [
                "`steps/step_02_links.sh` is a step file, which is no workflow by itself"
            ])
        #expect(loaded.diagnostics.first?.help?.contains("run links --only -f steps") == true)
    }

    @Test("damaged files of other formats end in few sentences, inside the file")
    func damaged() throws {
        var generator = SeededGenerator(seed: 11)
        let project = try TemporaryProject()
        for round in 0..<200 {
            let file = Self.files[round % Self.files.count]
            var bytes = Array(file.text.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 9...126, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            try project.write(file.name, text)
            let loaded = WorkflowLoader.load(path: file.name, workingDirectory: project.path)
            #expect(loaded.resolved != nil || !loaded.diagnostics.isEmpty, "\(text)")
            for range in loaded.diagnostics.compactMap(\.range) {
                #expect(Int(range.offset) + Int(range.length) <= text.utf8.count)
            }
        }
    }
}
