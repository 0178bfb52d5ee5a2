import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Speclets: groups of tasks")
struct SpecletTests {
    private static func tasks(_ count: Int) -> String {
        (1...count).map { "[[tasks]]\nid = \($0)\nsteps = [{ id = 1 }]\n" }.joined()
    }

    @Test("their order becomes dependencies of their tasks", arguments: orders)
    func order(speclets: String, dependencies: [[String]]) {
        let loaded = LoadedText(Self.tasks(4) + speclets)
        #expect(loaded.messages == [])
        #expect(
            loaded.workflow.tasks.map { $0.dependencies?.map(\.id.rawValue) ?? ["?"] }
                == dependencies)
    }

    static let orders: [(String, [[String]])] = [
        (
            speclet("one", "1, 2") + speclet("two", "3, 4", "depends_on = [\"one\"]"),
            [[], ["1"], ["2"], ["3"]]
        ),
        // Beside each other: none waits for the other.
        (speclet("one", "1, 2") + speclet("two", "3, 4"), [[], ["1"], [], ["3"]]),
        // The order of the file does not count.
        (
            speclet("two", "3, 4", "dependencies = [\"one\"]") + speclet("one", "1, 2"),
            [[], ["1"], ["2"], ["3"]]
        ),
        (
            speclet("one", "1, 2", "parallel_allowed = false") + speclet("two", "3, 4"),
            [[], ["1"], ["2"], ["3"]]
        ),
        // All before it, not itself and not a later one.
        (
            speclet("one", "1") + speclet("two", "2")
                + speclet("three", "3", "depends_on = [\"*\"]")
                + speclet("four", "4"),
            [[], [], ["1", "2"], []]
        ),
        (
            speclet("one", "1") + speclet("two", "2", "dependencies = [\"*\"]")
                + speclet("three", "3") + speclet("four", "4", "dependencies = [\"*\"]"),
            [[], ["1"], [], ["2", "3"]]
        ),
    ]

    @Test("`*` on the first speclet is a warning with its place")
    func allBeforeFirst() {
        let loaded = LoadedText(Self.tasks(2) + Self.speclet("s", "1, 2", "depends_on = [\"*\"]"))
        #expect(loaded.messages.count == 1 && loaded.resolved != nil, "\(loaded.messages)")
        #expect(loaded.messages.first?.contains("`*` names no speclet") == true)
    }

    @Test("`*` on a task that a speclet holds means all tasks before it in that speclet")
    func allBeforeInSpeclet() {
        let text = ["a", "b"].map { id in
            "[[speclets]]\nid = \"\(id)\"\n"
                + ["", "dependencies = []\n", "dependencies = [\"*\"]\n"].map {
                    "[[speclets.tasks]]\n\($0)steps = [{ id = 1 }]\n"
                }.joined()
        }.joined()
        let loaded = LoadedText(text)
        #expect(loaded.messages == [])
        #expect(
            loaded.workflow.tasks.map { $0.dependencies?.map(\.id.rawValue) ?? ["?"] }
                == [[], [], ["a.1", "a.2"], [], [], ["b.1", "b.2"]])
    }

    private static func speclet(_ id: String, _ tasks: String, _ more: String = "") -> String {
        "[[speclets]]\nid = \"\(id)\"\ntasks = [\(tasks)]\n\(more)\n"
    }

    @Test("tasks that a speclet holds itself have its id before theirs")
    func ownTasks() {
        let loaded = LoadedText(
            """
            [[speclets]]
            id = "s"
            [[speclets.tasks]]
            id = 1
            steps = [{ id = 1 }]
            [[speclets.tasks]]
            id = 2
            dependencies = [1]
            steps = [{ id = 1 }]
            """)
        #expect(loaded.messages == [])
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["s.1.1", "s.2.1"])
        #expect(loaded.workflow.tasks[1].dependencies?.map(\.id.rawValue) == ["s.1"])
    }

    @Test("a mistake is an error with its place", arguments: mistakes)
    func mistake(speclets: String, message: String) {
        let loaded = LoadedText(speclets + Self.tasks(2))
        #expect(loaded.messages.map { String($0.prefix { $0 != ";" }) } == [message])
        #expect(loaded.diagnostics.allSatisfy { $0.severity == .error })
    }

    static let mistakes: [(String, String)] = [
        (speclet("s", "1, 2, 7"), "3:16 speclet `s` names an unknown task `7`"),
        (speclet("s", "1"), "9:6 task `2` is in no speclet"),
        (speclet("s", "1, 2") + speclet("t", "2"), "7:10 task `2` is in two speclets"),
        (
            speclet("s", "1, 2", "depends_on = [\"s\"]"), "4:15 speclet `s` depends on itself"
        ),
        (
            speclet("s", "1, 2", "depends_on = [\"u\"]"),
            "4:15 speclet `s` depends on an unknown speclet `u`"
        ),
        (speclet("s", "1") + speclet("s", "2"), "6:6 speclet `s` is declared twice"),
        (
            speclet("s", "1", "depends_on = [\"t\"]") + speclet("t", "2", "depends_on = [\"s\"]"),
            "2:6 speclets wait for each other: s -> t -> s"
        ),
    ]
}
