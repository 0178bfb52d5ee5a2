import DependencyGraph
import Testing

/// A recursive step in any of these would overflow the stack.
@Suite("Long chains")
struct ScaleTests {
    private let count = 1_000_000

    /// A chain declared back to front: node 0 is its end.
    private var edges: Edges {
        (1..<count).map { (dependency: $0, dependent: $0 - 1) }
    }

    @Test("a chain of a million nodes is ordered, measured and walked")
    func chain() throws {
        let graph = try Graph(nodes: Array(0..<count), edges: edges)
        let order = graph.topologicalOrder()
        #expect(order.first == count - 1 && order.last == 0)
        #expect(graph.phaseIndices().first == Int32(count - 1))
        #expect(graph.ancestors(of: [0]).count == count - 1)
        let critical = graph.criticalPath(durations: [Double](repeating: 1, count: count))
        #expect(critical.length == Double(count))
        #expect(critical.path == order)
    }

    @Test("a cycle of a million nodes is found")
    func cycle() {
        do {
            _ = try Graph(
                nodes: Array(0..<count), edges: edges + [(dependency: 0, dependent: count - 1)])
            Issue.record("the cycle was accepted")
        } catch {
            guard case .cycle(let cycle)? = error.problems.first?.kind else {
                Issue.record("no cycle was reported")
                return
            }
            #expect(error.problems.count == 1)
            #expect(cycle.count == count + 1)
            #expect(cycle.prefix(3) == [0, 1, 2] && cycle.last == 0)
        }
    }

    @Test("blocks of the reduction meet: a ladder longer than one block loses its long edges")
    func reduction() throws {
        let nodes = Array(0..<1300)
        var edges: Edges = nodes.dropFirst().map { (dependency: $0 - 1, dependent: $0) }
        edges += nodes.dropFirst(3).map { (dependency: $0 - 3, dependent: $0) }
        edges += nodes.dropFirst(600).map { (dependency: $0 - 600, dependent: $0) }
        let reduced = try Graph(nodes: nodes, edges: edges).transitiveReduction()
        #expect(reduced.edgeCount == nodes.count - 1)
        #expect(nodes.dropFirst().allSatisfy { Array(reduced.dependencies(of: $0)) == [$0 - 1] })
    }

    @Test("questions about more ancestors than one block holds are all answered")
    func pairs() throws {
        let nodes = Array(0..<1500)
        // Two chains: the even and the odd nodes.
        let edges = nodes.dropFirst(2).map { (dependency: $0 - 2, dependent: $0) }
        let graph = try Graph(nodes: nodes, edges: edges)
        let pairs = nodes.map { (ancestor: $0, descendant: ($0 &* 7919) % 1500) }
        let expected = pairs.map { $0 < $1 && ($1 - $0).isMultiple(of: 2) }
        #expect(graph.reaches(pairs) == expected)
    }
}
