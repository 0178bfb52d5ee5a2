import DependencyGraph
import Testing
import TestSupport

@Suite("Random graphs against brute force")
struct GraphPropertyTests {
    static let seeds: Range<UInt64> = 0..<400

    private func acyclic(_ seed: UInt64) throws -> (RandomGraph, Graph<Int>) {
        let random = RandomGraph(seed: seed, acyclic: true)
        return (random, try Graph(nodes: Array(0..<random.count), edges: random.edges))
    }

    @Test("both directions hold each edge once, dependencies in the order given")
    func edges() throws {
        for seed in Self.seeds {
            let (random, graph) = try acyclic(seed)
            var edgeCount = 0
            for node in 0..<random.count {
                var expected: [Int] = []
                for edge in random.edges
                where edge.dependent == node && !expected.contains(edge.dependency) {
                    expected.append(edge.dependency)
                }
                edgeCount += expected.count
                #expect(Array(graph.dependencies(of: node)) == expected, "seed \(seed)")
                let dependents = (0..<random.count).filter { random.has(node, before: $0) }
                #expect(Array(graph.dependents(of: node)) == dependents, "seed \(seed)")
            }
            #expect(graph.edgeCount == edgeCount)
        }
    }

    @Test("the order takes the first declared of the ready nodes each time")
    func order() throws {
        for seed in Self.seeds {
            let (random, graph) = try acyclic(seed)
            var expected: [Int] = []
            while expected.count < random.count {
                let next = (0..<random.count).first { node in
                    !expected.contains(node)
                        && random.edges.allSatisfy {
                            $0.dependent != node || expected.contains($0.dependency)
                        }
                }
                expected.append(try #require(next))
            }
            #expect(graph.topologicalOrder() == expected, "seed \(seed)")
        }
    }

    @Test("a node's phase is the length of the longest chain before it")
    func phases() throws {
        for seed in Self.seeds {
            let (random, graph) = try acyclic(seed)
            func longest(_ node: Int) -> Int {
                random.edges.filter { $0.dependent == node }
                    .map { longest($0.dependency) + 1 }.max() ?? 0
            }
            // Recursion over all paths: keep to the smaller graphs.
            guard random.edges.count < 30 else { continue }
            let expected = (0..<random.count).map(longest)
            #expect(graph.phaseIndices().map(Int.init) == expected, "seed \(seed)")
            let phases = graph.phases()
            #expect(phases.count == (expected.max().map { $0 + 1 } ?? 0))
            for (phase, nodes) in phases.enumerated() {
                #expect(nodes == (0..<random.count).filter { expected[$0] == phase })
            }
        }
    }

    @Test("ancestors, descendants and pairs agree with the transitive closure")
    func reachability() throws {
        for seed in Self.seeds {
            let (random, graph) = try acyclic(seed)
            var pairs: [(ancestor: Int, descendant: Int)] = []
            for a in 0..<random.count {
                let ancestors = (0..<random.count).filter { random.reaches[$0][a] }
                #expect(Array(graph.ancestors(of: [a])) == ancestors, "seed \(seed)")
                let descendants = (0..<random.count).filter { random.reaches[a][$0] }
                #expect(Array(graph.descendants(of: [a])) == descendants, "seed \(seed)")
                for b in 0..<random.count { pairs.append((a, b)) }
            }
            #expect(graph.reaches(pairs) == pairs.map { random.reaches[$0][$1] }, "seed \(seed)")
            let ordered = graph.areOrdered(pairs.map { ($0, $1) })
            #expect(ordered == pairs.map { random.reaches[$0][$1] || random.reaches[$1][$0] })
        }
    }

    @Test("the reduction keeps exactly the edges that no longer path replaces")
    func reduction() throws {
        for seed in Self.seeds {
            let (random, graph) = try acyclic(seed)
            let reduced = graph.transitiveReduction()
            for node in 0..<random.count {
                let kept = graph.dependencies(of: node).filter { dependency in
                    !(0..<random.count).contains {
                        random.reaches[dependency][$0] && random.reaches[$0][node]
                    }
                }
                #expect(Array(reduced.dependencies(of: node)) == kept, "seed \(seed)")
            }
            #expect(reduced.topologicalOrder() == graph.topologicalOrder())
            #expect(reduced.phaseIndices() == graph.phaseIndices())
        }
    }

    @Test("the critical path is the longest of all paths, and slack is the room left")
    func criticalPath() throws {
        for seed in Self.seeds {
            let (random, graph) = try acyclic(seed)
            guard random.edges.count < 30 else { continue }
            var generator = SeededGenerator(seed: seed)
            let durations = (0..<random.count).map { _ in
                Double(Int.random(in: 0...9, using: &generator))
            }
            func longest(endingAt node: Int) -> Double {
                durations[node]
                    + (random.edges.filter { $0.dependent == node }
                        .map { longest(endingAt: $0.dependency) }.max() ?? 0)
            }
            func longest(startingAt node: Int) -> Double {
                durations[node]
                    + (random.edges.filter { $0.dependency == node }
                        .map { longest(startingAt: $0.dependent) }.max() ?? 0)
            }
            let nodes = 0..<random.count
            let critical = graph.criticalPath(durations: durations)
            let length = nodes.map { longest(endingAt: $0) }.max() ?? 0
            #expect(critical.length == length, "seed \(seed)")
            #expect(critical.path.reduce(0) { $0 + durations[$1] } == length, "seed \(seed)")
            #expect(zip(critical.path, critical.path.dropFirst()).allSatisfy(random.has))
            for node in nodes {
                let before = longest(endingAt: node) - durations[node]
                let after = longest(startingAt: node)
                #expect(critical.earliestStart[node] == before)
                #expect(critical.latestStart[node] == length - after)
                #expect(critical.slack[node] == length - after - before)
            }
            let remaining = nodes.map { longest(startingAt: $0) }
            #expect(graph.remainingPath(durations: durations) == remaining)
        }
    }

    @Test("one real cycle is reported for each component that has one, and only then")
    func cycles() throws {
        var cyclic = 0
        for seed in Self.seeds {
            let random = RandomGraph(seed: seed, acyclic: false)
            let nodes = 0..<random.count
            // The first declared node of each component of more than one node.
            let components = nodes.filter { node in
                random.reaches[node][node]
                    && !(0..<node).contains {
                        random.reaches[node][$0] && random.reaches[$0][node]
                    }
            }
            do {
                _ = try Graph(nodes: Array(nodes), edges: random.edges)
                #expect(components.isEmpty, "seed \(seed)")
            } catch {
                cyclic += 1
                #expect(error.problems.count == components.count, "seed \(seed)")
                for (problem, first) in zip(error.problems, components) {
                    try check(problem, startsAt: first, in: random)
                }
            }
        }
        #expect(cyclic > 100 && cyclic < Self.seeds.count)
    }

    private func check(
        _ problem: GraphProblem<Int>, startsAt first: Int, in random: RandomGraph
    ) throws {
        guard case .cycle(let cycle) = problem.kind else {
            Issue.record("\(problem.kind) is no cycle")
            return
        }
        #expect(cycle.first == first && cycle.last == first)
        #expect(cycle.count >= 3 && Set(cycle).count == cycle.count - 1)
        #expect(problem.places.count == cycle.count - 1)
        for (place, (node, dependency)) in zip(problem.places, zip(cycle, cycle.dropFirst())) {
            let edge = random.edges[try #require(place.dependency)]
            #expect(edge == (dependency, node))
            #expect(place.declaration == node)
        }
    }
}
