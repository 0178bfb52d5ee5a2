import DependencyGraph
import Testing
import WorkflowFiles
import WorkflowModel

@Suite("What an include comes after")
struct IncludeOrderTests {
    /// Two tasks of two steps each.
    private static let tasks = (1...2).map {
        "[[tasks]]\nid = \($0)\n[[tasks.steps]]\nid = 1\n[[tasks.steps]]\nid = 2\n"
    }.joined()

    private static func files(_ includes: String, _ main: String) -> ProjectFiles {
        [
            "workflow.toml": "composition.includes = [\(includes)]\n" + main,
            "spec_a.md": "# A\n", "parameters_a.toml": tasks,
            "spec_b.md": "# B\n", "parameters_b.toml": tasks,
            "loose.toml": """
            steps = [{ id = "p" }, { id = "q", dependencies = ["p"] }, { id = "f", always = true }]
            """,
        ]
    }

    /// The edges between steps of different files.
    private static func edges(_ loaded: LoadedWorkflow) -> [String] {
        guard let graph = loaded.resolved?.graph else { return loaded.places }
        let files = loaded.workflow.steps.map { $0.range.map { Int($0.file) } ?? -1 }
        return (0..<graph.count).flatMap { step in
            graph.dependencies(of: step).filter { files[$0] != files[step] }
                .map { "\(graph.nodes[$0])>\(graph.nodes[step])" }
        }.sorted()
    }

    static let orders: [(String, [String])] = [
        ("[]", ["a.2.2>1.1", "b.2.2>1.1"]),
        ("[\"a.1\"]", ["a.1.2>b.1.1", "a.2.2>1.1", "b.2.2>1.1"]),
        ("[\"a.2.1\"]", ["a.2.1>b.1.1", "a.2.2>1.1", "b.2.2>1.1"]),
        ("[\"a\"]", ["a.1.2>b.1.1", "a.2.2>1.1", "a.2.2>b.1.1", "b.2.2>1.1"]),
        ("[\"*\"]", ["a.1.2>b.1.1", "a.2.2>1.1", "a.2.2>b.1.1", "b.2.2>1.1"]),
        // Those of the file itself come after all includes, but not after what waits for them.
        ("[1]", ["1.2>b.1.1", "a.2.2>1.1"]),
        ("[\"2.1\"]", ["2.1>b.1.1", "a.2.2>1.1"]),
    ]

    @Test(
        "`dependencies` name tasks, steps, a whole include, all before it, or nothing",
        arguments: orders)
    func order(dependencies: String, edges: [String]) throws {
        let loaded = try loadProject(
            Self.files(
                "\"spec_a.md\", { file = \"spec_b.md\", dependencies = \(dependencies) }",
                Self.tasks))
        #expect(Self.edges(loaded) == edges)
    }

    @Test("without them tasks run in the order of the includes")
    func byDefault() throws {
        let loaded = try loadProject(Self.files("\"spec_a.md\", \"spec_b.md\"", Self.tasks))
        #expect(Self.edges(loaded) == ["a.2.2>b.1.1", "b.2.2>1.1"])
    }

    static let others: [(String, [String])] = [
        // Steps outside of tasks, and one that runs at the end, which waits for that alone.
        ("\"spec_a.md\", { file = \"loose.toml\", dependencies = [\"a.1\"] }", ["a.1.2>p"]),
        (
            "{ file = \"spec_a.md\", depends_on = [\"l.q\"] }, { file = \"loose.toml\", prefix = \"l\" }",
            ["l.q>a.1.1"]
        ),
        ("{ file = \"loose.toml\", dependencies = [\"main\"] }", ["main>p"]),
        // Each waits for the next one, so none waits for one before it.
        (
            "{ file = \"spec_a.md\", dependencies = [\"b.1\"] }, "
                + "{ file = \"spec_b.md\", dependencies = [\"c.2\"] }, "
                + "{ file = \"parameters_b.toml\", prefix = \"c\" }",
            ["b.1.2>a.1.1", "c.2.2>b.1.1"]
        ),
    ]

    @Test(
        "they count for steps outside of tasks, and may name what is included later",
        arguments: others)
    func other(includes: String, edges: [String]) throws {
        let loaded = try loadProject(Self.files(includes, "steps = [{ id = \"main\" }]\n"))
        #expect(Self.edges(loaded) == edges)
    }

    @Test("what an included file includes is part of it")
    func nested() throws {
        var files = Self.files(
            "\"spec_a.md\", { file = \"in.toml\", prefix = \"i\", dependencies = [] }", "")
        files["in.toml"] = "composition.includes = [\"spec_b.md\"]\n" + Self.tasks
        let loaded = try loadProject(files)
        #expect(Self.edges(loaded) == ["i.b.2.2>i.1.1"])
        files["workflow.toml"] =
            "composition.includes = [\"spec_a.md\", "
            + "{ file = \"in.toml\", prefix = \"i\", dependencies = [\"a.1\"] }]\n"
        #expect(Self.edges(try loadProject(files)) == ["a.1.2>i.b.1.1", "i.b.2.2>i.1.1"])
    }

    static let mistakes: [(String, String, String?)] = [
        (
            "[\"a.3\"]",
            "workflow.toml:1:76 the include `spec_b.md` depends on an unknown task or "
                + "step `a.3`", "did you mean `a.1`?"
        ),
        (
            "[\"mian\"]",
            "workflow.toml:1:76 the include `spec_b.md` depends on an unknown task or "
                + "step `mian`", "did you mean `main`?"
        ),
        (
            "[\"b.1\"]",
            "workflow.toml:1:76 the include `spec_b.md` depends on `b.1`, which is its "
                + "own", "remove it: the order inside a file is declared in that file"
        ),
        (
            "\"a.1\"", "workflow.toml:1:75 `dependencies` must be a list of ids, found a string",
            "put it in brackets: `[…]`"
        ),
    ]

    @Test("a mistake is said with its place", arguments: mistakes)
    func mistake(dependencies: String, message: String, help: String?) throws {
        let loaded = try loadProject(
            Self.files(
                "\"spec_a.md\", { file = \"spec_b.md\", dependencies = \(dependencies) }",
                "steps = [{ id = \"main\" }]\n"))
        #expect(loaded.places == [message])
        #expect(loaded.diagnostics.map(\.help) == [help])
    }

    @Test("includes that wait for each other are a cycle, and a lost file makes no names unknown")
    func cycle() throws {
        let cycle = try loadProject(
            Self.files(
                "{ file = \"spec_a.md\", dependencies = [\"b.1\"] }, "
                    + "{ file = \"spec_b.md\", dependencies = [\"a.1\"] }", ""))
        #expect(cycle.places.count == 1 && cycle.resolved == nil, "\(cycle.places)")
        #expect(cycle.places.first?.contains("wait for each other") == true)
        let lost = try loadProject(
            Self.files("{ file = \"spec_a.md\", dependencies = [\"x.1\"] }, \"lost.toml\"", ""))
        #expect(lost.places == ["workflow.toml:1:73 there is no file `lost.toml`"])
    }
}
