import Testing

@testable import WorkflowModel

@Suite("Files that a second step writes, or reads in no order, are told")
struct OpenOrderTests {
    private func resolved(_ steps: [Step]) throws -> ResolvedWorkflow {
        try #require(WorkflowValidator.resolve(workflow(steps)).workflow)
    }

    @Test(
        "two ordered steps with the same output, the first of them first",
        arguments: [
            (["o"], ["o"], "o"), (["out/**"], ["out/b"], "out/b"), (["out"], ["out/b"], "out/b"),
            (["out/b"], ["out/"], "out/b"), (["out/*"], ["*/b"], "*/b"),
            (["out/**", "!out/b"], ["out/b"], nil), (["o"], ["p"], nil),
        ] as [([String], [String], String?)])
    func rewrites(first: [String], second: [String], path: String?) throws {
        let steps = [
            step("b", after: ["a"], writes: second), step("a", writes: first),
        ]
        let expected = path.map { [OutputConflict(first: 1, second: 0, path: $0)] } ?? []
        #expect(try resolved(steps).rewrites == expected)
        #expect(try resolved(steps).conflicts == [])
    }

    @Test("what a step modifies is none of its outputs, and what no order holds is a conflict")
    func others() throws {
        let modified = [step("a", writes: ["o"]), step("b", after: ["a"], modifies: ["o"])]
        #expect(try resolved(modified).rewrites == [])
        let beside = [step("a", writes: ["o"]), step("b", writes: ["o"])]
        #expect(try resolved(beside).rewrites == [])
        let both = [
            step("a", writes: ["o"], modifies: ["o"]), step("b", after: ["a"], writes: ["o"]),
        ]
        #expect(try resolved(both).rewrites == [OutputConflict(first: 0, second: 1, path: "o")])
    }

    @Test("in a long line of writers the neighbours are told")
    func line() throws {
        let steps = (0..<100).map {
            step("s\($0)", after: $0 > 0 ? ["s\($0 - 1)"] : [], writes: ["log"])
        }
        #expect(try resolved(steps).rewrites.count == 99)
    }

    @Test(
        "a step that reads what another modifies, with no order between them",
        arguments: [
            (["cfg"], ["cfg"], false, true), (["cfg"], ["cfg"], true, false),
            (["cfg"], ["c*"], false, true), (["conf/a"], ["conf"], false, true),
            (["conf"], ["conf/a"], false, true), (["cfg"], ["./x/../cfg"], false, true),
            (["cfg"], ["*", "!cfg"], false, false), (["c*", "!cfg"], ["cfg"], false, false),
            (["cfg"], ["other"], false, false),
        ] as [([String], [String], Bool, Bool)])
    func looseReads(modifies: [String], reads: [String], isOrdered: Bool, isTold: Bool) throws {
        let steps = [
            step("gen", modifies: modifies),
            step("use", after: isOrdered ? ["gen"] : [], reads: reads),
        ]
        let found = try resolved(steps).looseReads
        #expect(found.map { [$0.first, $0.second] } == (isTold ? [[0, 1]] : []))
    }
}
