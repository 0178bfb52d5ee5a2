import DependencyGraph
import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Decoding: tasks of the source documents")
struct DecodingTaskTests {
    @Test("integer ids and dependencies are local to their task")
    func localIDs() throws {
        let loaded = LoadedText(
            """
            [[tasks]]
            id = 1
            [[tasks.steps]]
            id = 1
            parallel_safe = true
            parallel_group = "look"
            dependencies = []
            critical = true
            [[tasks.steps]]
            id = 2
            dependencies = [1]
            parallel_safe = false
            critical = false
            [[tasks]]
            id = 2
            [[tasks.steps]]
            id = 1
            dependencies = ["1.2"]
            [[tasks.steps]]
            id = "named"
            dependencies = [1]
            """)
        #expect(loaded.messages == [])
        let resolved = try #require(loaded.resolved)
        #expect(resolved.graph.nodes.map(\.rawValue) == ["1.1", "1.2", "2.1", "named"])
        #expect(resolved.workflow.steps.map(\.task) == [0, 0, 1, 1])
        #expect(edges(of: resolved) == ["1.2<1.1", "2.1<1.2", "named<2.1"])
        // The one edge between the tasks is declared.
        #expect(resolved.inferredEdges == [])
    }

    @Test("the same with the other spellings, and without a task's header")
    func otherSpellings() throws {
        let loaded = LoadedText(
            """
            [[tasks.steps]]
            id = 1
            parallel_enabled = true
            depends_on = []
            critical_flag = true
            max_retries = 1
            [[tasks.steps]]
            id = 2
            parallel_enabled = false
            depends_on = [1]
            condition = "IF step1_output.score < 0.8"
            """)
        #expect(loaded.messages == [])
        let resolved = try #require(loaded.resolved)
        #expect(resolved.graph.nodes.map(\.rawValue) == ["1.1", "1.2"])
        #expect(edges(of: resolved) == ["1.2<1.1"])
        #expect(resolved.workflow.steps.map(\.isParallelSafe) == [true, false])
    }

    @Test("a task waits for the one before it, or for those that it names")
    func taskOrder() throws {
        let loaded = LoadedText(
            """
            tasks = [
              { id = "a", steps = [{ id = 1 }, { id = 2, dependencies = [1] }, { id = 3 }] },
              { id = "b", steps = [{ id = 1 }, { id = 2, dependencies = [1] }] },
              { id = "empty" },
              { id = "c", steps = [{ id = 1 }] },
              { id = "d", dependencies = ["a"], steps = [{ id = 1 }] },
              { id = "e", dependencies = [], steps = [{ id = 1 }] },
            ]
            steps = [{ id = "loose" }]
            """)
        #expect(loaded.messages == [])
        let resolved = try #require(loaded.resolved)
        #expect(resolved.workflow.tasks.map(\.id) == ["", "a", "b", "empty", "c", "d", "e"])
        #expect(
            edges(of: resolved) == [
                "a.2<a.1", "b.1<a.2", "b.1<a.3", "b.2<b.1", "c.1<b.2", "d.1<a.2", "d.1<a.3",
            ])
        #expect(resolved.inferredEdges.map(\.origin).allSatisfy { $0 == .taskOrder })
        #expect(resolved.inferredEdges.count == 5)
    }

    @Test(
        "what is wrong with tasks is said",
        arguments: [
            (
                "tasks = [{ id = 1, steps = [{ id = 1 }] }, { id = 1 }]",
                ["1:51 task `1` is declared twice; give one of them another id"]
            ),
            (
                "tasks = [{ id = \"a\", dependencies = [\"bb\"], steps = [{ id = 1 }] }, { id = \"bbb\" }]",
                ["1:38 task `a` depends on an unknown task `bb`; did you mean `bbb`?"]
            ),
            (
                "tasks = [{ id = \"a\", dependencies = [\"a\"], steps = [{ id = 1 }] }]",
                ["1:38 task `a` depends on itself; remove it from `dependencies`"]
            ),
            (
                "tasks = [{ id = \"a\", dependencies = [\"b\"], steps = [{ id = 1 }] }, { id = \"b\" }]",
                [
                    "1:17 tasks wait for each other: a -> b -> a; a task without "
                        + "`dependencies` runs after the one before it; "
                        + "remove one of these dependencies"
                ]
            ),
            (
                "tasks = [{ id = \"a/b\", steps = [{ id = \"s\" }] }]",
                [
                    "1:17 `a/b` is no valid task id: it holds a `/`, and an id is no path; "
                        + "ids match `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`"
                ]
            ),
            (
                "tasks = [{ id = 1, steps = [{ id = 1, dependencies = [\"2\"] }, { id = 2 }] }]",
                [
                    "1:55 step `1.1` depends on an unknown step `2`; for step 2 of this task "
                        + "write `1.2`, or the number without quotes"
                ]
            ),
            (
                "steps = [{ id = \"1.2\" }]\ntasks = [{ id = 1, steps = [{ id = 2 }] }]",
                [
                    "2:36 the id `1.2` is taken: a step outside of tasks has it, and a step of "
                        + "task `1`; give one of them another id"
                ]
            ),
        ] as [(String, [String])])
    func mistakes(text: String, messages: [String]) {
        #expect(LoadedText(text).messages == messages)
    }

    /// Each edge as `dependent<dependency`, in the order of the steps.
    private func edges(of resolved: ResolvedWorkflow) -> [String] {
        let nodes = resolved.graph.nodes
        return nodes.indices.flatMap { node in
            resolved.graph.dependencies(of: node).map { "\(nodes[node])<\(nodes[$0])" }
        }
    }
}
