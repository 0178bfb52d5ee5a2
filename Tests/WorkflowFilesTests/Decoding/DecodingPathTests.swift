import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Decoding: from text to a resolved workflow")
struct DecodingPathTests {
    @Test("plain steps become a graph")
    func plainSteps() throws {
        let loaded = LoadedText(
            """
            [[steps]]
            id = "build"
            command = ["make", "all"]
            output_files = ["out/app"]

            [[steps]]
            id = "test"
            command = "make test"
            dependencies = ["build"]

            [[steps]]
            id = "pack"
            inputs = ["out/*"]
            """)
        #expect(loaded.messages == [])
        let resolved = try #require(loaded.resolved)
        #expect(resolved.workflow.steps.map(\.id.rawValue) == ["build", "test", "pack"])
        #expect(resolved.workflow.steps[0].command == .arguments(["make", "all"]))
        #expect(resolved.workflow.steps[1].command == .shell("make test"))
        #expect(resolved.workflow.steps[2].command == nil)
        #expect(
            resolved.inferredEdges == [
                WorkflowEdge(
                    dependency: 0, dependent: 2, origin: .inferred(path: "out/app"))
            ])
        #expect(resolved.conflicts == [])
    }
}
