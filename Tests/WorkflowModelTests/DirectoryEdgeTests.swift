import DependencyGraph
import Testing

@testable import WorkflowModel

@Suite("A directory that a step reads or writes means all below it")
struct DirectoryEdgeTests {
    @Test(
        "a step that reads waits for one that writes something of it",
        arguments: [
            (["out/a.txt"], ["out"], true),
            (["out/sub/a.txt"], ["out"], true),
            (["out/a.txt"], ["out/"], true),
            (["out/a.txt"], ["./out"], true),
            (["out/a.txt"], ["."], true),
            (["out/a.txt"], ["./out/../out/a.txt"], true),
            (["out/a.txt"], ["x/../out"], true),
            (["out/a.txt"], ["x/../out/*.txt"], true),
            (["out/a.txt"], ["/home/me/project/out/a.txt"], true),
            (["out/a.txt"], ["/home/me/project/out"], true),
            (["out/a.txt"], ["/home/me/project/o*/a.txt"], true),
            (["out/a.txt"], ["/home/me/project"], true),
            (["dir"], ["dir/x/y.txt"], true),
            (["dir"], ["dir/x/*.txt"], true),
            (["dir"], ["dir/**"], true),
            (["dir/"], ["dir"], true),
            (["dir/**/*.o"], ["dir"], true),
            (["dir/sub/*.o"], ["dir"], true),
            (["cur"], ["cur/f"], true),
            (["a/b/c/d"], ["a"], true),
            (["out/a.txt"], ["ou"], false),
            (["out/a.txt"], ["out/a"], false),
            (["out"], ["out.txt"], false),
            (["out"], ["outer/x"], false),
            (["out/a.txt"], ["../out/a.txt"], false),
            (["out/a.txt"], ["*/../out/a.txt"], false),
            (["out/a.txt"], ["/home/me/projects/out"], false),
            (["out/a.txt"], ["/other/out/a.txt"], false),
            (["out/a.txt"], ["out", "!out/a.txt"], false),
            (["out/a.txt"], ["out", "!/home/me/project/out/*"], false),
            (["out", "!out/log/**"], ["out/log/x"], false),
            (["out", "!out/log/**"], ["out/x"], true),
        ] as [([String], [String], Bool)])
    func edges(writes: [String], reads: [String], isEdge: Bool) throws {
        let steps = [
            step("reader", reads: reads), step("other", writes: ["other/file"]),
            step("writer", writes: writes),
        ]
        let result = WorkflowValidator.resolve(workflow(steps), root: "/home/me/project")
        let resolved = try #require(result.workflow, "\(result.diagnostics)")
        #expect(resolved.graph.dependencies(of: 0).contains(2) == isEdge)
        #expect(
            reads.contains { [".", "/home/me/project"].contains($0) }
                || !resolved.graph.dependencies(of: 0).contains(1))
    }

    @Test("of a directory and a file in it the file is named")
    func named() throws {
        let steps = [
            step("a", reads: ["out"]), step("b", writes: ["out/x"]),
            step("c", writes: ["dir"]), step("d", reads: ["dir/y"]),
        ]
        let resolved = try #require(WorkflowValidator.resolve(workflow(steps)).workflow)
        #expect(
            resolved.inferredEdges == [
                WorkflowEdge(dependency: 1, dependent: 0, origin: .inferred(path: "out/x")),
                WorkflowEdge(dependency: 2, dependent: 3, origin: .inferred(path: "dir/y")),
            ])
    }

    @Test("a step that writes a directory conflicts with one that writes below it")
    func conflicts() throws {
        let steps = [
            step("a", writes: ["out"]), step("b", writes: ["out/x/y"]),
            step("c", modifies: ["out/x/*"]), step("d", writes: ["outer"]),
            step("e", writes: ["out", "!out/x/**"]),
        ]
        let resolved = try #require(WorkflowValidator.resolve(workflow(steps)).workflow)
        #expect(
            resolved.conflicts.map { [$0.first, $0.second] } == [
                [0, 1], [0, 2], [0, 4], [1, 2], [2, 4],
            ])
    }

    @Test("ten thousand steps with as many directories take no quadratic time")
    func many() throws {
        let steps = (0..<10_000).map { number in
            step(
                "s\(number)", reads: number > 0 ? ["d/\(number - 1)/out", "in/\(number)"] : [],
                writes: ["d/\(number)/out/a", "d/\(number)/out/b"])
        }
        let resolved = try #require(WorkflowValidator.resolve(workflow(steps)).workflow)
        #expect(resolved.graph.edgeCount == 9_999)
    }
}
