import DependencyGraph
import Testing
import WorkflowFiles
import WorkflowModel

@Suite("One step for several items")
struct ForeachTests {
    @Test("`{item}` is replaced wherever it may stand, and each instance has its item")
    func substitution() throws {
        let loaded = LoadedText(
            """
            [[steps]]
            id = "lint"
            foreach = ["core", "ui/web"]
            description = "Lint {item}"
            command = ["lint", "Sources/{item}"]
            inputs = ["Sources/{item}/**"]
            output_files = ["out/{item}.txt"]
            environment = { PART = "{item}" }
            resources_required = ["{item}"]
            success_pattern = "{item} is well"
            [[steps]]
            id = "test"
            foreach = ["core", "ui/web"]
            dependencies = ["lint.{item}"]
            command = "test {item}"
            """)
        #expect(loaded.messages.filter { !$0.contains("no valid id") } == loaded.messages)
        let ids = loaded.workflow.steps.map(\.id.rawValue)
        #expect(ids == ["lint.core", "lint.ui-web", "test.core", "test.ui-web"])
        let core = loaded.workflow.steps[0]
        #expect(core.description == "Lint core")
        #expect(core.command == .arguments(["lint", "Sources/core"]))
        #expect(core.inputs.map(\.text) == ["Sources/core/**"])
        #expect(core.outputFiles.map(\.text) == ["out/core.txt"])
        #expect(core.resources.map(\.name) == ["core"])
        #expect(core.gating.successPattern == "core is well")
        #expect(
            core.environment.map { "\($0.name)=\($0.value)" } == [
                "PART=core", "STEPVISOR_ITEM=core",
            ])
        #expect(
            loaded.workflow.steps[3].dependencies.map(\.id.rawValue) == ["lint.ui-web"])
        #expect(loaded.workflow.steps[2].command == .shell("test core"))
        #expect(loaded.workflow.groups.map(\.name.rawValue) == ["lint", "test"])
        #expect(loaded.workflow.groups.map(\.members) == [0..<2, 2..<4])
    }

    @Test("who depends on the step depends on all its instances")
    func dependencyOnGroup() throws {
        let loaded = LoadedText(
            """
            steps = [
              { id = "lint", foreach = ["b", "a"] },
              { id = "end", dependencies = ["lint"] },
            ]
            """)
        #expect(loaded.messages == [])
        let graph = try #require(loaded.resolved).graph
        #expect(graph.phaseIndices() == [0, 0, 1])
    }

    @Test("in a task an instance has the step's local id before its item")
    func inTask() {
        let loaded = LoadedText(
            "tasks = [{ id = 1, steps = [{ id = 2, foreach = [\"core\"] }] }]")
        #expect(loaded.messages == [])
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["1.2.core"])
    }

    @Test("what cannot be is refused at the item", arguments: mistakes)
    func mistake(lines: String, message: String) {
        let loaded = LoadedText("[[steps]]\nid = \"x\"\n" + lines)
        #expect(loaded.messages == [message])
        #expect(loaded.diagnostics.allSatisfy { $0.severity == .error })
    }

    static let mistakes: [(String, String)] = [
        (
            "foreach = [\"a b\", \"a-b\"]",
            "3:19 the items `a b` and `a-b` give the same id `x.a-b`; rename one of them"
        ),
        ("foreach = [\"a\", \"a\"]", "3:17 the item `a` is named twice; keep one of them"),
        (
            "foreach = [\"a\", \"$(rm)\"]\ncommand = \"echo {item}\"",
            "3:17 the item `$(rm)` holds characters that mean something to the shell, and `{item}` "
                + "stands in a line for the shell; write \"$STEPVISOR_ITEM\", with its quotes, "
                + "instead of `{item}` in that line"
        ),
        ("foreach = [\"a\", \"\"]", "3:17 an item of `foreach` must not be empty"),
    ]

    @Test("items of any kind may stand where no shell reads them")
    func anyItem() {
        let loaded = LoadedText(
            "[[steps]]\nid = \"x\"\nforeach = [\"$(rm)\"]\ncommand = [\"echo\", \"{item}\"]")
        #expect(loaded.messages == [])
        #expect(loaded.workflow.steps.map(\.command) == [.arguments(["echo", "$(rm)"])])
    }

    @Test("a condition that names the step is told which instances there are")
    func conditionOnGroup() {
        let loaded = LoadedText(
            """
            steps = [
              { id = "lint", foreach = ["a", "b"] },
              { id = "end", condition = "steps.lint.score > 1" },
            ]
            """)
        #expect(loaded.messages.count == 1)
        #expect(loaded.messages[0].contains("lint.a"))
        #expect(loaded.resolved == nil)
    }
}
