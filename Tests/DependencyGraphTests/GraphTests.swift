import DependencyGraph
import Testing

@Suite("Graphs from declarations")
struct GraphTests {
    typealias Kind = GraphProblem<String>.Kind
    typealias Place = GraphProblem<String>.Place

    private func problems(
        _ declarations: [(id: String, dependencies: [String])]
    ) -> [GraphProblem<String>] {
        do {
            _ = try Graph(validating: declarations)
            return []
        } catch {
            return error.problems
        }
    }

    @Test("nodes keep the order of their declaration, dependencies theirs")
    func declared() throws {
        let graph = try Graph(validating: [
            (id: "report", dependencies: ["test", "lint", "test"]),
            (id: "lint", dependencies: []),
            (id: "test", dependencies: ["lint"]),
        ])
        #expect(graph.nodes == ["report", "lint", "test"])
        #expect(graph.count == 3)
        #expect(graph.edgeCount == 3)
        #expect(graph.index(of: "test") == 2)
        #expect(graph.index(of: "tset") == nil)
        #expect(Array(graph.dependencies(of: 0)) == [2, 1])
        #expect(Array(graph.dependents(of: 1)) == [0, 2])
        #expect(graph.topologicalOrder() == [1, 2, 0])
        #expect(graph.phases() == [[1], [2], [0]])
    }

    @Test("a graph without nodes answers everything with nothing")
    func empty() throws {
        let graph = try Graph<String>(validating: [])
        #expect(graph.topologicalOrder().isEmpty)
        #expect(graph.phases().isEmpty)
        #expect(graph.ancestors(of: []).isEmpty)
        #expect(graph.transitiveReduction().count == 0)
        #expect(graph.criticalPath(durations: []).path.isEmpty)
        #expect(graph.criticalPath(durations: []).length == 0)
    }

    @Test("all problems come at once, in the order of the declarations, cycles last")
    func allAtOnce() {
        let found = problems([
            (id: "build", dependencies: ["fetch", "biuld"]),
            (id: "fetch", dependencies: ["fetch"]),
            (id: "test", dependencies: ["bulid", "pack"]),
            (id: "pack", dependencies: ["test"]),
            (id: "build", dependencies: ["nothing-like-it"]),
            (id: "a", dependencies: ["b"]),
            (id: "b", dependencies: ["a"]),
        ])
        #expect(
            found.map(\.kind) == [
                .unknownDependency(of: "build", named: "biuld", suggestion: nil),
                .selfEdge("fetch"),
                .unknownDependency(of: "test", named: "bulid", suggestion: "build"),
                .duplicate("build"),
                .unknownDependency(of: "build", named: "nothing-like-it", suggestion: nil),
                .cycle(["test", "pack", "test"]),
                .cycle(["a", "b", "a"]),
            ])
        #expect(
            found.map(\.places) == [
                [Place(declaration: 0, dependency: 1)],
                [Place(declaration: 1, dependency: 0)],
                [Place(declaration: 2, dependency: 0)],
                [Place(declaration: 4), Place(declaration: 0)],
                [Place(declaration: 4, dependency: 0)],
                [
                    Place(declaration: 2, dependency: 1), Place(declaration: 3, dependency: 0),
                ],
                [
                    Place(declaration: 5, dependency: 0), Place(declaration: 6, dependency: 0),
                ],
            ])
    }

    @Test("of a cycle with a shortcut the short way is reported")
    func shortCycle() {
        let found = problems([
            (id: "a", dependencies: ["b", "c"]),
            (id: "b", dependencies: ["c"]),
            (id: "c", dependencies: ["d"]),
            (id: "d", dependencies: ["a"]),
        ])
        #expect(found.map(\.kind) == [.cycle(["a", "c", "d", "a"])])
    }

    @Test("ids that are no strings get suggestions by the text they are given")
    func describing() {
        struct Name: Hashable { var parts: [String] }
        do {
            _ = try Graph(
                validating: [
                    (id: Name(parts: ["docs", "api"]), dependencies: []),
                    (id: Name(parts: ["all"]), dependencies: [Name(parts: ["docs", "aip"])]),
                ], describing: { $0.parts.joined(separator: ".") })
            Issue.record("the unknown dependency was accepted")
        } catch {
            let expected = GraphProblem<Name>.Kind.unknownDependency(
                of: Name(parts: ["all"]), named: Name(parts: ["docs", "aip"]),
                suggestion: Name(parts: ["docs", "api"]))
            #expect(error.problems.map(\.kind) == [expected])
        }
    }

    @Test("edges by index are checked as well, each problem with the edge's number")
    func edgesByIndex() {
        let edges = [(0, 5), (1, 1), (0, 1), (-1, 0), (1, 2), (2, 1), (9, 9)]
            .map { (dependency: $0, dependent: $1) }
        do {
            _ = try Graph(nodes: ["a", "b", "c", "a"], edges: edges)
            Issue.record("the edges were accepted")
        } catch {
            #expect(
                error.problems.map(\.kind) == [
                    .duplicate("a"), .indexOutOfRange(5), .selfEdge("b"), .indexOutOfRange(-1),
                    .indexOutOfRange(9), .indexOutOfRange(9), .cycle(["b", "c", "b"]),
                ])
            #expect(
                error.problems.map { $0.places.map(\.dependency) } == [
                    [nil, nil], [0], [1], [3], [6], [6], [5, 4],
                ])
        }
    }

    @Test("a given node is its own ancestor only through another given one")
    func sources() throws {
        let graph = try Graph(validating: [
            (id: "a", dependencies: []), (id: "b", dependencies: ["a"]),
            (id: "c", dependencies: ["b"]), (id: "d", dependencies: []),
        ])
        #expect(Array(graph.ancestors(of: [2])) == [0, 1])
        #expect(Array(graph.ancestors(of: [2, 1])) == [0, 1])
        #expect(Array(graph.ancestors(of: [1])) == [0])
        #expect(Array(graph.descendants(of: [0, 3, 77, -1])) == [1, 2])
        #expect(graph.reaches([(0, 77), (-3, 2), (0, 2)]) == [false, false, true])
        #expect(graph.areOrdered([(0, 77), (2, 0), (3, 0)]) == [false, true, false])
    }

    @Test("durations that are missing, negative or not finite count as none")
    func durations() throws {
        let graph = try Graph(validating: [
            (id: "a", dependencies: []), (id: "b", dependencies: ["a"]),
            (id: "c", dependencies: ["b"]), (id: "d", dependencies: ["c"]),
        ])
        let critical = graph.criticalPath(durations: [2, .nan, -.infinity])
        #expect(critical.length == 2)
        #expect(critical.slack == [0, 0, 0, 0])
        #expect(graph.remainingPath(durations: [.infinity, 3, -1]) == [3, 3, 0, 0])
    }

    @Test("rounding leaves no slack on the critical path and none below zero")
    func rounding() throws {
        let nodes = Array(0..<40)
        let edges = nodes.dropFirst().map { (dependency: $0 - 1, dependent: $0) }
        let graph = try Graph(nodes: nodes, edges: edges)
        let critical = graph.criticalPath(durations: nodes.map { 0.1 * Double($0 % 7 + 1) })
        #expect(critical.path == nodes)
        #expect(critical.slack.allSatisfy { $0 == 0 })
    }
}
