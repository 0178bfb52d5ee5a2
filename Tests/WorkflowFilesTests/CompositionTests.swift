import Testing
import WorkflowFiles
import WorkflowModel

/// A file of a project by its name.
typealias ProjectFiles = [String: String]

/// Loads `workflow.toml` of a project with these files.
func loadProject(_ files: ProjectFiles) throws -> LoadedWorkflow {
    let project = try TemporaryProject()
    for (name, text) in files { try project.write(name, text) }
    return WorkflowLoader.load(path: "workflow.toml", workingDirectory: project.path)
}

extension LoadedWorkflow {
    /// Each diagnostic as `file:line:column message`, then the places that belong to it.
    var places: [String] {
        diagnostics.map { diagnostic in
            let head = (place(diagnostic.range) + " " + diagnostic.message)
            return ([head] + diagnostic.related.map { place($0.range) }).joined(separator: " | ")
        }
    }

    private func place(_ range: SourceRange?) -> String {
        guard let range else { return "-" }
        let position = files.position(of: range)
        return "\(files.files[Int(range.file)].path):\(position.line):\(position.column)"
    }

    func step(_ id: String) -> Step? { workflow.steps.first { $0.id.rawValue == id } }
}

@Suite("Composition: files that include files")
struct CompositionTests {
    private let step = "[[steps]]\nid = \"a\"\n"

    @Test("a prefix goes before the ids of a file, and before what they refer to among themselves")
    func prefix() throws {
        let loaded = try loadProject([
            "workflow.toml": """
            steps = [{ id = "end", dependencies = ["docs.check", "plain"] }]
            [composition]
            includes = ["parts/plain.toml", { file = "parts/docs.toml", prefix = "docs" }]
            """,
            "parts/plain.toml": "steps = [{ id = \"plain\" }]",
            "parts/docs.toml": """
            [composition]
            includes = [{ file = "deep/inner.toml", prefix = "in" }]
            [[steps]]
            id = "build"
            [[steps]]
            id = "check"
            dependencies = ["build", "in.x", "plain"]
            condition = "build_output.score < 0.8"
            """,
            "parts/deep/inner.toml": """
            steps = [{ id = "x" }]
            [[tasks]]
            id = 1
            steps = [{ id = 1 }, { id = 2, dependencies = [1], condition = "step1_output.ok" }]
            """,
        ])
        #expect(loaded.places == [])
        #expect(
            loaded.resolved?.workflow.steps.map(\.id.rawValue) == [
                "plain", "docs.in.x", "docs.build", "docs.check", "end", "docs.in.1.1",
                "docs.in.1.2",
            ])
        let check = try #require(loaded.step("docs.check"))
        #expect(check.dependencies.map(\.id.rawValue) == ["docs.build", "docs.in.x", "plain"])
        #expect(check.gating.condition == "steps[\"docs.build\"].score < 0.8")
        let second = try #require(loaded.step("docs.in.1.2"))
        #expect(second.dependencies.map(\.id.rawValue) == ["docs.in.1.1"])
        #expect(second.gating.condition == "steps[\"docs.in.1.1\"].ok")
    }

    @Test("environment, runner and shell of an included file count for its own steps")
    func settings() throws {
        let loaded = try loadProject([
            "workflow.toml": """
            environment = { WHO = "main" }
            execution = { runner = ["main"] }
            composition = { includes = ["part.toml"] }
            steps = [{ id = "m", command = "x" }]
            """,
            "part.toml": """
            environment = { WHO = "part", A = "1" }
            execution = { runner = ["part"], shell = ["bash", "-c"] }
            resources = { db = 2 }
            steps = [{ id = "p", command = "y", environment = { A = "2" } }]
            """,
        ])
        #expect(loaded.places == [])
        let main = try #require(loaded.step("m"))
        let part = try #require(loaded.step("p"))
        #expect(main.command == .shell("x") && main.runner == nil)
        #expect(part.command == .arguments(["bash", "-c", "y"]))
        #expect(part.runner == .arguments(["part"]))
        #expect(part.environment.map { "\($0.name)=\($0.value)" } == ["WHO=part", "A=2"])
        #expect(loaded.workflow.resources.map(\.name) == ["db"])
        #expect(loaded.workflow.execution.runner == .arguments(["main"]))
    }

    @Test("tasks of an included file come before those of the file that includes it")
    func taskOrder() throws {
        let loaded = try loadProject([
            "workflow.toml": """
            composition = { includes = [{ file = "part.toml", prefix = "p" }] }
            tasks = [{ id = 1, steps = [{ id = 1 }] }]
            """,
            "part.toml": """
            tasks = [{ id = 1, steps = [{ id = 1 }] }, { id = 2, dependencies = [], steps = [{ id = 1 }] }]
            """,
        ])
        #expect(loaded.places == [])
        #expect(loaded.workflow.tasks.map(\.id) == ["p.1", "p.2", "1"])
        #expect(loaded.workflow.tasks[2].dependencies?.map(\.id.rawValue) == ["p.1", "p.2"])
    }

    @Test("a directory of step files and a JSON file can be included")
    func otherForms() throws {
        let project = try TemporaryProject()
        try project.writeStep("more/steps/lint.sh")
        try project.write("part.json", #"{"steps": [{"id": "j"}]}"#)
        try project.write(
            "workflow.toml",
            "composition.includes = [{ file = \"more/steps\", prefix = \"m\" }, \"part.json\"]\n"
                + step)
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(loaded.places == [])
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["m.lint", "j", "a"])
        #expect(loaded.step("m.lint")?.command == .script("more/steps/lint.sh"))
    }

    @Test("a source document stands for the parameters beside it, and gives the prefix")
    func sourceDocument() throws {
        let loaded = try loadProject([
            "workflow.toml": """
            composition.includes = [
              "parts/spec_x.md", { file = "parts/spec_x.md", prefix = "y" }, "spec_x y.md",
            ]
            """,
            "parts/spec_x.md": "# Words\n", "parts/parameters_x.toml": step,
            "parameters_x y.toml": step,
        ])
        #expect(loaded.places == [])
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["x.a", "y.a", "a"])
    }

    @Test("a mistake is said with every place that makes it", arguments: Self.mistakes)
    func mistake(_ files: ProjectFiles, _ message: String) throws {
        let loaded = try loadProject(files)
        #expect(loaded.places == [message])
        let isNote = loaded.diagnostics.allSatisfy { $0.severity == .note }
        #expect((loaded.resolved != nil) == isNote)
    }

    private static func main(_ includes: String, _ more: String = "") -> String {
        "composition.includes = [\(includes)]\nsteps = [{ id = \"a\" }]\n" + more
    }

    static let mistakes: [(ProjectFiles, String)] = [
        (
            [
                "workflow.toml": main("\"p/one.toml\""),
                "p/one.toml": "composition.includes = [\"two.toml\"]\n",
                "p/two.toml": "composition.includes = [\"one.toml\"]\n",
            ],
            "p/two.toml:1:25 files include each other: p/one.toml -> p/two.toml -> p/one.toml "
                + "| p/one.toml:1:25"
        ),
        (
            ["workflow.toml": main("\"p.toml\""), "p.toml": "\nsteps = [{ id = \"a\" }]"],
            "workflow.toml:2:17 step `a` is declared twice | p.toml:2:17"
        ),
        (
            [
                "workflow.toml": main("\"p.toml\"", "[resources]\ndb = 1\n"),
                "p.toml": "resources.db = 2\nsteps = [{ id = \"b\" }]",
            ],
            "p.toml:1:11 resource `db` is declared in another way by another file "
                + "| workflow.toml:4:1"
        ),
        (
            ["workflow.toml": main("\"../p.toml\"")],
            "workflow.toml:1:25 there is no file `../p.toml`"
        ),
        (
            ["workflow.toml": main("\"/etc/passwd\"")],
            "workflow.toml:1:25 `/etc/passwd` is an absolute path"
        ),
        (
            ["workflow.toml": main("\"p.md\""), "p.md": "# Words"],
            "workflow.toml:1:25 `p.md` is Markdown, which is not read: it is prose and holds no steps"
        ),
        (
            [
                "workflow.toml": main("\"p.toml\", \"p.toml\""),
                "p.toml": "steps = [{ id = \"b\" }]",
            ],
            "workflow.toml:1:35 `p.toml` is included twice, so each of its steps would be there "
                + "twice | workflow.toml:1:25"
        ),
        (
            [
                "workflow.toml": main("\"p.toml\""),
                "p.toml": "execution.barriers = true\nsteps = [{ id = \"b\" }]",
            ],
            "p.toml:1:11 `barriers` of an included file has no effect: how a run goes is the main "
                + "file's business"
        ),
        (
            [
                "workflow.toml": main("\"p.toml\""),
                "p.toml": "cache.max_size = 7\nsteps = [{ id = \"b\" }]",
            ],
            "p.toml:1:1 `[cache]` of an included file has no effect: how a run goes is the main "
                + "file's business"
        ),
        (
            [
                "workflow.toml": main("{ file = \"p.toml\", prefix = \"q\" }"),
                "p.toml": "[[steps]]\nid = \"b\"\ndependencies = [\"nobody\"]",
            ],
            "p.toml:3:17 step `q.b` depends on an unknown step `nobody`"
        ),
    ]

    @Test("a link and a path that lead out of the project are refused")
    func outside() throws {
        let project = try TemporaryProject()
        try project.write("outside.toml", step)
        try project.write(
            "in/workflow.toml",
            "composition.includes = [\"../outside.toml\", \"link.toml\"]\n" + step)
        try project.link("in/link.toml", to: "../outside.toml")
        let loaded = WorkflowLoader.load(
            path: "workflow.toml", workingDirectory: project.path + "/in")
        #expect(loaded.resolved == nil)
        #expect(
            loaded.places == [
                "workflow.toml:1:25 `../outside.toml` lies outside of the project, or leads out of "
                    + "it by a link",
                "workflow.toml:1:44 `link.toml` lies outside of the project, or leads out of it by "
                    + "a link",
            ])
        #expect(
            loaded.diagnostics.map(\.help)
                == ["outside.toml", "link.toml"].map {
                    "copy it into the project, such as to `parts/\($0)`, and include that"
                })
    }

    @Test(
        "what to write for a file that is included twice is what stands there",
        arguments: [
            ("\"parts/p.toml\", \"parts/p.toml\"", "parts/p.toml"),
            ("\"parts/workflow.toml\", \"parts\"", "parts"),
        ])
    func twice(includes: String, written: String) throws {
        let loaded = try loadProject([
            "workflow.toml": Self.main(includes), "parts/p.toml": "steps = [{ id = \"b\" }]",
            "parts/workflow.toml": "steps = [{ id = \"c\" }]",
        ])
        let error = try #require(loaded.diagnostics.first { $0.severity == .error })
        #expect(
            error.help == "remove one, or write `{ file = \"\(written)\", prefix = \"again\" }`")
    }

    @Test("files of the directory that holds the main file are shown relative to it")
    func sameDirectory() throws {
        let project = try TemporaryProject()
        try project.write("main.toml", Self.main("\".\""))
        try project.write("workflow.toml", "composition.includes = [\"parts/p.toml\"]")
        try project.write("parts/p.toml", "steps = [{ id = \"a\" }]")
        let loaded = WorkflowLoader.load(path: "main.toml", workingDirectory: project.path)
        #expect(
            loaded.places.contains(
                "main.toml:2:17 step `a` is declared twice | parts/p.toml:1:17"),
            "\(loaded.places)")
    }

    @Test("files that include too much end with an error, not with a hang")
    func bombs() throws {
        var deep = ["workflow.toml": "composition.includes = [\"0.toml\"]"]
        for number in 0..<40 {
            deep["\(number).toml"] = "composition.includes = [\"\(number + 1).toml\"]"
        }
        #expect(try loadProject(deep).places.map { $0.contains("more than 32 deep") } == [true])
        // Each file includes the next one twice, under two prefixes.
        var wide = ["workflow.toml": "composition.includes = [\"0.toml\"]"]
        for number in 0..<20 {
            let next = "\(number + 1).toml"
            wide["\(number).toml"] =
                "composition.includes = [{ file = \"\(next)\", prefix = \"a\" }, "
                + "{ file = \"\(next)\", prefix = \"b\" }]"
        }
        wide["20.toml"] = step
        #expect(
            try loadProject(wide).places.contains { $0.contains("more than 1000 files") })
    }
}
