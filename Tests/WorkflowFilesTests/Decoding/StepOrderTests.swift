import DependencyGraph
import Testing
import WorkflowFiles
import WorkflowModel

@Suite("The order of steps in a task that says nothing of it")
struct StepOrderTests {
    private static func edges(_ loaded: LoadedText) -> [String] {
        guard let graph = loaded.resolved?.graph else { return ["no graph"] }
        return (0..<graph.count).flatMap { step in
            graph.dependencies(of: step).map { "\(graph.nodes[$0])>\(graph.nodes[step])" }
        }
    }

    private static func task(_ keys: [String], head: String = "") -> String {
        "[[tasks]]\nid = 1\n" + head
            + keys.enumerated().map { "[[tasks.steps]]\nid = \($0 + 1)\n\($1)\n" }.joined()
    }

    @Test("they run one after another")
    func chain() {
        let loaded = LoadedText(Self.task(["", "output_files = [\"a\"]", "critical = false"]))
        #expect(Self.edges(loaded) == ["1.1>1.2", "1.2>1.3"])
        #expect(loaded.resolved?.inferredEdges.allSatisfy { $0.origin == .stepOrder } == true)
    }

    @Test(
        "a word about dependencies or about parallel anywhere in it, and they do not",
        arguments: [
            "dependencies = []", "depends_on = []", "parallel_safe = true",
            "parallel_enabled = true", "parallel_group = \"g\"", "inputs = [\"x\"]",
        ])
    func declared(key: String) {
        #expect(Self.edges(LoadedText(Self.task(["", key, ""]))) == [])
    }

    @Test("nor in a task that says whether they may", arguments: ["true", "false"])
    func task(flag: String) {
        let text = Self.task(["", ""], head: "parallel_enabled = \(flag)\n")
        #expect(Self.edges(LoadedText(text)) == [])
    }

    @Test("instances of one step are one in it, and finalizers are not in it")
    func instances() {
        let loaded = LoadedText(Self.task(["", "foreach = [\"a\", \"b\"]", "always = true", ""]))
        #expect(Self.edges(loaded) == ["1.1>1.2.a", "1.1>1.2.b", "1.2.a>1.4", "1.2.b>1.4"])
    }

    @Test("steps outside of tasks have no such order")
    func outside() {
        let loaded = LoadedText("[[steps]]\nid = \"a\"\n[[steps]]\nid = \"b\"\n")
        #expect(Self.edges(loaded) == [])
    }

    @Test("a condition on a later step is a cycle that names the order")
    func cycle() {
        let loaded = LoadedText(Self.task(["condition = \"step2_output.x < 1\"", ""]))
        #expect(loaded.messages.contains { $0.contains("steps wait for each other") })
    }

    @Test("`*` means all steps before it, in its task or in its file")
    func allBefore() {
        let flat = LoadedText(
            "steps = [{ id = \"a\" }, { id = \"b\" }, { id = \"c\", dependencies = [\"*\"] }, "
                + "{ id = \"d\" }, { id = \"e\", dependencies = [\"*\"] }]")
        #expect(flat.messages == [])
        #expect(Self.edges(flat) == ["a>c", "b>c", "c>e", "d>e"])
        let nested = LoadedText(
            Self.task(["", "", "dependencies = [\"*\"]"]))
        #expect(Self.edges(nested) == ["1.1>1.3", "1.2>1.3"])
        let first = LoadedText("steps = [{ id = \"a\", dependencies = [\"*\"] }]")
        #expect(first.diagnostics.map(\.severity) == [.warning])
    }

    @Test("on a task it means all tasks before it")
    func allTasksBefore() {
        let loaded = LoadedText(
            ["", "dependencies = []\n", "dependencies = [\"*\"]\n"].enumerated().map {
                "[[tasks]]\nid = \($0 + 1)\n\($1)[[tasks.steps]]\nid = 1\n"
            }.joined())
        #expect(loaded.messages == [])
        #expect(Self.edges(loaded) == ["1.1>3.1", "2.1>3.1"])
    }

    @Test("in a step file `*` means the files before it in its directory")
    func allBeforeInDirectory() throws {
        let project = try TemporaryProject()
        for directory in ["steps", "more"] {
            try project.writeStep(directory + "/1.sh", "id = \"\(directory)1\"\n")
            try project.writeStep(
                directory + "/2.sh", "id = \"\(directory)2\"\ndependencies = [\"*\"]\n")
            try project.writeStep(directory + "/3.sh", "id = \"\(directory)3\"\n")
            try project.write(
                directory + "/workflow.toml",
                "steps = [{ id = \"\(directory)4\", command = \"true\", dependencies = [\"*\"] }]")
        }
        try project.write(
            "all.toml",
            "composition.includes = [\"steps\", \"more\"]\n"
                + "steps = [{ id = \"end\", command = \"true\", dependencies = [\"*\"] }]")
        func edges(_ loaded: LoadedWorkflow) -> [String] {
            loaded.workflow.steps.flatMap { step in
                step.dependencies.map { "\($0.id)>\(step.id)" }
            }
        }
        let own = WorkflowLoader.load(path: "more", workingDirectory: project.path)
        #expect(edges(own) == ["more1>more2", "more2>more4", "more3>more4"])
        let included = WorkflowLoader.load(path: "all.toml", workingDirectory: project.path)
        let inside = ["steps", "more"].flatMap { name in
            ["1>2", "2>4", "3>4"].map {
                $0.split(separator: ">").map { name + $0 }.joined(separator: ">")
            }
        }
        let all = ["steps", "more"].flatMap { name in (1...4).map { "\(name)\($0)>end" } }
        #expect(edges(included) == inside + all)
    }

    @Test("speclets order the tasks of included files that they name")
    func speclets() throws {
        let project = try TemporaryProject()
        for name in ["a", "b", "c"] {
            try project.write(
                "parameters_\(name).toml",
                (1...2).map { "[[tasks]]\nid = \($0)\n[[tasks.steps]]\nid = 1\n" }.joined())
        }
        try project.write(
            "workflow.toml",
            """
            [composition]
            includes = ["spec_a.md", "spec_b.md", "spec_c.md"]
            [[speclets]]
            id = "A"
            tasks = ["a.1", "a.2"]
            [[speclets]]
            id = "B"
            tasks = ["b.1", "b.2"]
            [[speclets]]
            id = "C"
            tasks = ["c.1", "c.2"]
            depends_on = ["A", "B"]
            """)
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(loaded.diagnostics == [])
        let graph = try #require(loaded.resolved?.graph)
        let edges = (0..<graph.count).flatMap { step in
            graph.dependencies(of: step).map { "\(graph.nodes[$0])>\(graph.nodes[step])" }
        }
        #expect(
            edges == [
                "a.1.1>a.2.1", "b.1.1>b.2.1", "a.2.1>c.1.1", "b.2.1>c.1.1", "c.1.1>c.2.1",
            ])
    }
}
